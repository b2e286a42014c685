"""Readers who asked to be told: of the vote, of what came of what they nominated, of the next season's nominations."""

from django.db import models
from django.utils import timezone

from surveys.models.seasons import Season


class Follower(models.Model):
    """One address that follows a season. It is mailed once it has confirmed, and goes after the season.

    Nothing leads from here to a ballot: whoever follows may or may not vote.
    """

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="followers")
    email = models.EmailField("e-mail")
    canonical = models.EmailField(editable=False, help_text="The same for every spelling of one address.")
    wants_reminders = models.BooleanField(default=True)
    wants_next = models.BooleanField(default=False, db_default=False, help_text="Of when the next nominations open.")
    asked_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)
    told_open_at = models.DateTimeField(null=True)
    told_closing_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["season", "canonical"], name="follower_once_in_season"),
        ]

    def __str__(self) -> str:
        return f"follower {self.pk}"
