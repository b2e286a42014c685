"""The rows that the roof itself stores: marks of the demo newsroom's pieces, and which backups were made."""

from datetime import datetime

from django.db import models
from django.utils import timezone


class DemoMark(models.Model):
    """A piece of the demo newsroom that was loaded. It is never loaded again, even if it was deleted."""

    key = models.CharField(max_length=160, primary_key=True)
    loaded_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key


class Backup(models.Model):
    """A backup in BACKUP_FOLDER, made by the clock or by `backup` without a file, or why one was not."""

    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    name = models.CharField(max_length=200, blank=True, help_text="The file's name; none where it failed.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    is_encrypted = models.BooleanField(default=False)
    is_remote = models.BooleanField(default=False, help_text="Whether it was copied to BACKUP_BUCKET.")
    trouble = models.TextField(blank=True, help_text="Why it failed.")
    checked_at = models.DateTimeField(
        null=True, help_text="When it was last restored into a scratch database and compared."
    )

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name or f"failed at {self.made_at:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def latest(cls) -> "Backup | None":
        """The newest that did not fail."""
        return cls.objects.filter(trouble="").first()

    @classmethod
    def copied_at(cls) -> datetime | None:
        """When the newest one that lies in BACKUP_BUCKET was made; where none does, the oldest; None where there is none."""
        made = cls.objects.filter(trouble="")
        row = made.filter(is_remote=True).first() or made.last()
        return row.made_at if row else None
