"""Final reports: frozen when counting ends. A correction is a new version beside the old one."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import append_only
from sponsors.models.inventory import Booking


class SponsorReport(models.Model):
    """One version of a final report, exactly as it was frozen; its hash is over the document's text."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveSmallIntegerField()
    document = models.TextField(help_text="JSON with sorted keys and no spaces: what the hash is over, byte for byte.")
    sha256 = models.CharField(max_length=64)
    why = models.CharField(max_length=300, blank=True, help_text="What a correction corrects.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ["booking", "-version"]
        triggers = [append_only("Final reports are never changed or deleted: a correction is a new version.")]
        constraints = [
            models.UniqueConstraint(fields=["booking", "version"], name="sponsor_report_version_once"),
            models.CheckConstraint(condition=Q(version=1) | ~Q(why=""), name="sponsor_report_correction_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.booking}, version {self.version}"
