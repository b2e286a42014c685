"""An import of subscribers that was begun at the desk: its file, what was said of its columns, how far it is, its report."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.leases import LeasedModel
from newsletter.models.audience import Newsletter


class SubscriberImport(LeasedModel):
    """A file that somebody of the staff uploaded, and what came of it. A worker holds it by a lease while it runs."""

    LEASE: ClassVar[timedelta] = timedelta(minutes=1)

    class State(models.TextChoices):
        UPLOADED = "uploaded", "not started"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="imports")
    state = models.CharField(max_length=9, choices=State, default=State.UPLOADED)
    is_dry_run = models.BooleanField(default=False)
    folder = models.UUIDField(unique=True, editable=False)
    file_name = models.CharField("file", max_length=120)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    columns = models.JSONField(default=dict, blank=True, help_text="What was said by hand of columns, by their names.")
    tags = models.JSONField(default=list, blank=True, help_text="The names of tags that everybody in it gets.")
    date_order = models.CharField(
        "04/11/2023 is",
        max_length=11,
        blank=True,
        choices=[("", "told from the other dates"), ("day-first", "4 November"), ("month-first", "11 April")],
    )
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    is_cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    report = models.JSONField(default=dict, blank=True)
    by_name = models.CharField("by", max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

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

    @property
    def path(self) -> Path:
        """Where its file is, until it is deleted: it keeps its name, which may say what it holds."""
        return Path(settings.IMPORT_FOLDER) / self.folder.hex / self.file_name

    @property
    def can_start(self) -> bool:
        return self.state in (self.State.UPLOADED, self.State.FAILED) and self.path.is_file()
