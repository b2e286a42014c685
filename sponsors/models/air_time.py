"""How long an ad was really on our pages, as it was seen from time to time."""

from django.db import models
from django.utils import timezone

from sponsors.models.inventory import Claim


class AirTime(models.Model):
    """What pages showed of a claim on its day: looked at every few minutes, and added up."""

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="air_time")
    seconds = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["claim"]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.seconds} s"
