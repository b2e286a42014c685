"""People with an account at a sponsor."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from sponsors.models.inventory import Sponsor


class SponsorMember(models.Model):
    """Somebody who sees all bookings of a sponsor when signed in. Nobody needs it: signed links open each booking."""

    sponsor = models.ForeignKey(Sponsor, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sponsorships")
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Empty where they asked for it themselves.",
    )

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [models.UniqueConstraint(fields=["sponsor", "user"], name="sponsor_member_once")]

    def __str__(self) -> str:
        return f"{self.user} of {self.sponsor}"
