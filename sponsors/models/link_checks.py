"""Where ads lead, as it was last looked at."""

from django.db import models
from django.db.models import Q

from core.leases import LeasedModel
from sponsors.models.creatives import CreativeVersion


class AdLinkCheck(LeasedModel):
    """What answered at the link of a version. It is wrong once it failed twice in a row, so that one moment's trouble alarms nobody."""

    class State(models.TextChoices):
        WAITING = "waiting"
        FINE = "fine"
        WRONG = "wrong"

    version = models.OneToOneField(CreativeVersion, on_delete=models.PROTECT, related_name="link_check")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    note = models.CharField(max_length=200, blank=True, help_text="What failed last, in words.")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["due_at"], name="ad_link_check_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "fine", "wrong"]), name="ad_link_check_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.version.link_url

    @property
    def words(self) -> str:
        """What it found, in a sentence; empty where nobody needs to know."""
        return f"Its link could not be reached: {self.note}" if self.state == self.State.WRONG else ""
