"""Flags: a sponsor is named where we write, or among nominees; and what a person decided about it."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import append_only
from sponsors.models.inventory import Sponsor
from sponsors.querysets import FlagQuerySet


class Flag(models.Model):
    """A sponsor's name as it was found in one article or nominee. Another text, or another name, is another flag."""

    verdict: str | None  # with objects.with_verdict(): the last decision; None is open
    decided_at: datetime | None  # with it, too
    decided: str  # with objects.decided_in_words_of(): the last decision of a person

    noun = models.CharField("in what", max_length=20, help_text="What the sponsors are named in: article, nominee.")
    about = models.PositiveBigIntegerField(help_text="The key of it.")
    title = models.CharField(max_length=200, help_text="What it was called when the flag was raised.")
    sponsor = models.ForeignKey(Sponsor, on_delete=models.PROTECT, related_name="flags")
    words = models.CharField("found", max_length=200)
    places = models.JSONField(default=list, help_text="Where it is named, for people.")
    is_certain = models.BooleanField(help_text="Else it asks, and nothing waits for the answer.")
    fingerprint = models.CharField(max_length=64, help_text="Of the sponsor's name and of the words around each place.")
    passages = models.JSONField(
        default=list, db_default=[], help_text="What the sponsor is called and the words around each place, as digests."
    )
    opened_at = models.DateTimeField("since", default=timezone.now)

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "flag"
        permissions = [("decide_flag", "Can decide what a sponsor's name in an article or among nominees is")]
        triggers = [append_only("Flags are never changed or deleted: what is decided about one is a row of its own.")]
        constraints = [
            models.UniqueConstraint(fields=["noun", "about", "sponsor", "fingerprint"], name="flag_once_for_a_text")
        ]

    def __str__(self) -> str:
        return f"{self.sponsor} in “{self.title}”"

    @property
    def is_open(self) -> bool:
        """Whether a person has yet to decide; with objects.with_verdict()."""
        return self.verdict in (None, FlagDecision.Verdict.AGAIN)


class FlagDecision(models.Model):
    """What was decided about a flag. The last one counts; a flag whose text changed is gone, and open if that comes back."""

    class Verdict(models.TextChoices):
        NOT_THEM = "not them", "Not them"
        DISCLOSED = "disclosed", "Disclosed"
        HELD = "held", "Held"
        GONE = "gone", "No longer there"
        AGAIN = "again", "There again"

    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        triggers = [append_only("Decisions are never changed or deleted: a new decision is a new row.")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["not them", "disclosed", "held", "gone", "again"]),
                name="flag_verdict_known",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["gone", "again"]) | Q(by__isnull=False), name="flag_decided_by_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flag}: {self.get_verdict_display()}"


class FlagSearch(models.Model):
    """A look through all that readers see or will see; it goes on where it was when a worker ended."""

    reason = models.CharField(max_length=200)
    noun = models.CharField(max_length=20, blank=True, help_text="What is looked through now.")
    after = models.PositiveBigIntegerField(default=0, help_text="The key that was looked at last.")
    looked_at = models.PositiveIntegerField("looked at", default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "flag searches"
        indexes = [models.Index(fields=["id"], name="flag_search_unfinished", condition=Q(finished_at=None))]

    def __str__(self) -> str:
        return self.reason
