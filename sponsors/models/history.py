"""What was written to whom about a booking, and what staff note of a sponsor."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.models import OutgoingMail
from sponsors.models.inventory import Booking, Sponsor


class Notice(models.Model):
    """A mail about a booking. One that the clock sends says what it is about, and is sent once."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40, help_text="The mail's template.")
    about = models.CharField(max_length=60, blank=True, help_text="Empty where the same mail may be sent again.")
    to_us = models.BooleanField(default=False)
    subject = models.CharField(max_length=250)
    at = models.DateTimeField(default=timezone.now)
    mail = models.ForeignKey(  # the outbox forgets its rows sooner
        OutgoingMail, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "kind", "about"], condition=~Q(about=""), name="notice_once")
        ]

    def __str__(self) -> str:
        return self.subject


class SponsorNote(models.Model):
    """What staff want to remember of a sponsor."""

    sponsor = models.ForeignKey(Sponsor, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.sponsor}, {self.at:%d %b %Y}"
