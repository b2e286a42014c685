"""A change of address that a subscriber asked for, until the new address has confirmed it."""

from django.db import models
from django.utils import timezone

from newsletter.models.audience import Subscriber


class AddressChange(models.Model):
    """The new address of a subscriber, not confirmed yet. Whoever asks again drops what was asked before."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="address_changes", db_index=False)
    email = models.EmailField("new address")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscriber"], name="address_change_one_at_a_time")]

    def __str__(self) -> str:
        return f"{self.subscriber} → {self.email}"
