"""An import of subscribers that was begun at the desk: its file, what was said of its columns, how far it is, its report."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value

from core.upload_runs import UploadRun
from newsletter.models.audience import Newsletter


class SubscriberImport(UploadRun):
    """A file of subscribers that somebody of the staff uploaded, and what came of it."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "not started"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="imports")
    state = models.CharField(max_length=9, choices=State, default=State.UPLOADED)
    is_dry_run = models.BooleanField(default=False)
    columns = models.JSONField(default=dict, blank=True, help_text="What was said by hand of columns, by their names.")
    words = models.JSONField(
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        help_text="What was said by hand of words of a status that are not known.",
    )
    tags = models.JSONField(default=list, blank=True, help_text="The names of tags that everybody in it gets.")
    date_order = models.CharField(
        "04/11/2023 is",
        max_length=11,
        blank=True,
        choices=[("", "told from the other dates"), ("day-first", "4 November"), ("month-first", "11 April")],
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "import"
        indexes = [models.Index(fields=["due_at"], name="import_running", condition=Q(state="running"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["uploaded", "running", "done", "failed", "cancelled"]), name="import_state_known"
            ),
            models.CheckConstraint(condition=Q(rows_done__lte=F("rows_total")), name="import_rows_done_of_total"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} into {self.newsletter}"

    @classmethod
    def home(cls) -> Path:
        return Path(settings.IMPORT_FOLDER)
