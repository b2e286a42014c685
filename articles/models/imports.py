"""Imports of posts: those begun at the desk, what each of them made, and the origin of every imported article."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from articles.models.article import Article
from core.upload_runs import UploadRun


class PostImport(UploadRun):
    """An export that somebody of the staff uploaded, what was found in it and chosen, and what came of it."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "not imported"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"
        UNDONE = "undone"

    class Job(models.TextChoices):
        LOOK = "look", "looking at the file"
        DRY_RUN = "dry_run", "dry run"
        IMPORT = "import"
        PICTURES = "pictures", "fetching missing pictures"
        UNDO = "undo", "undoing"

    state = models.CharField(max_length=9, choices=State, default=State.UPLOADED)
    job = models.CharField(max_length=8, choices=Job, default=Job.LOOK, help_text="What the worker does with it.")
    found = models.JSONField(default=dict, blank=True, help_text="What the file holds, before anything is imported.")
    chosen = models.JSONField(
        default=dict, blank=True, help_text="The old site, and the names that authors and categories have here."
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Who brings it in."
    )

    posts: Any
    traces: Any

    class Meta:
        ordering = ["-id"]
        verbose_name = "import of posts"
        verbose_name_plural = "imports of posts"
        indexes = [models.Index(fields=["due_at"], name="post_import_running", condition=Q(state="running"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["uploaded", "running", "done", "failed", "cancelled", "undone"]),
                name="post_import_state_known",
            ),
            models.CheckConstraint(
                condition=Q(job__in=["look", "dry_run", "import", "pictures", "undo"]), name="post_import_job_known"
            ),
            models.CheckConstraint(condition=Q(rows_done__lte=F("rows_total")), name="post_import_done_of_total"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @classmethod
    def home(cls) -> Path:
        return Path(settings.POST_IMPORT_FOLDER)

    def list_path(self, name: str) -> Path:
        """Where a list of subscribers that came with the posts is kept, until it is handed on."""
        return self.path.parent / ".subscribers" / sha256(name.encode()).hexdigest()[:20]

    @property
    def can_start(self) -> bool:
        return super().can_start and bool(self.found)

    @property
    def has_ended(self) -> bool:
        """Whether it brought something in that may be undone or completed."""
        return self.state in (self.State.DONE, self.State.CANCELLED) and self.job != self.Job.LOOK

    def trace(self, kind: str, *made: tuple[str, str]) -> None:
        """Note, in the transaction that makes it, what else than articles this import made: keys, each with a value."""
        rows = [ImportTrace(run=self, kind=kind, key=key, value=value) for key, value in made]
        ImportTrace.objects.bulk_create(rows, ignore_conflicts=True)


class ImportTrace(models.Model):
    """A category, tag, author, series, picture or redirect that an import made, so that undoing the import finds it."""

    run = models.ForeignKey(PostImport, on_delete=models.CASCADE, related_name="traces")
    kind = models.CharField(max_length=10, help_text="As the import's report names it, or picture or redirect.")
    key = models.CharField(max_length=500, help_text="Its slug, its file, or the old address.")
    value = models.CharField(max_length=500, blank=True, help_text="The name it got, or where the address leads.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "kind", "key"], name="import_trace_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ImportedPost(models.Model):
    """A post imported from another system. It outlives its article, so that a deleted article is not imported again."""

    source = models.CharField(max_length=20, help_text="The format it came in.")
    source_id = models.CharField(max_length=500, help_text="What its own system calls it.")
    article = models.OneToOneField(Article, on_delete=models.SET_NULL, null=True, related_name="imported_from")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the post as it came.")
    version = models.PositiveIntegerField(help_text="The article's version that the import left.")
    state = models.CharField(max_length=10, blank=True, help_text="The article's state that the import left.")
    run = models.ForeignKey(
        PostImport, on_delete=models.SET_NULL, null=True, related_name="posts", help_text="What brought it in first."
    )
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["source", "source_id"], name="imported_post_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"
