"""Days that were sold and did not carry their ad, and the day that was given for each."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from sponsors.models.inventory import Claim


class MakeGood(models.Model):
    """A claim whose ad did not run though its sponsor did everything in time. It is found by itself and settled by staff."""

    class State(models.TextChoices):
        OPEN = "open"
        GIVEN = "given"
        WAIVED = "waived"

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="make_good")
    reason = models.CharField(max_length=200)
    is_short = models.BooleanField(
        default=False, help_text="It ran, and its place got less than was guaranteed, all its days together."
    )
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    given = models.OneToOneField(
        Claim, null=True, blank=True, on_delete=models.PROTECT, related_name="makes_good", verbose_name="given for it"
    )
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-found_at"]
        verbose_name, verbose_name_plural = "make-good", "make-goods"
        indexes = [models.Index(fields=["found_at"], name="make_good_open", condition=Q(state="open"))]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["open", "given", "waived"]), name="make_good_state_known"),
            models.CheckConstraint(
                condition=Q(state="given", given__isnull=False) | ~Q(state="given") & Q(given=None),
                name="make_good_given_has_day",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_at__isnull=False), name="make_good_decided_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim.booking.name}: {self.claim.unit}"


class AdTurn(models.Model):
    """Whose turn it is on a channel where several ads take turns, so that pages are made anew once when it changes."""

    channel = models.CharField(max_length=60, primary_key=True)
    name = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.channel}: {self.name}"
