"""A segment of the subscribers: its conditions, and what it was when it was last counted."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from core.leases import LeasedModel
from newsletter.models.audience import Newsletter
from newsletter.models.traits import SubscriberField, SubscriberTag


class Segment(LeasedModel):
    """Those subscribers for whom all, or any, of some conditions hold. A worker counts it when `due_at` has come."""

    LEASE: ClassVar[timedelta] = timedelta(minutes=10)

    class JoinedBy(models.TextChoices):
        ALL = "all", "all of the conditions"
        ANY = "any", "any of the conditions"

    name = models.CharField(max_length=80)
    joined_by = models.CharField(
        "holds those who meet", max_length=3, choices=JoinedBy, default=JoinedBy.ALL, help_text="Suppressed or not."
    )

    class Meta:
        ordering = [Lower("name")]
        indexes = [models.Index(fields=["due_at"], name="segment_due")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="segment_once", violation_error_message="There is a segment of this name already."
            ),
            models.CheckConstraint(condition=models.Q(joined_by__in=["all", "any"]), name="segment_joined_by_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_being_counted(self) -> bool:
        """Whether a worker counts it, or is about to."""
        return self.due_at <= timezone.now()


class SegmentCondition(models.Model):
    """A condition of a segment: what is tested, and with what. newsletter.subscribers.segments has the tests and what each needs."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="conditions")
    test = models.CharField("who", max_length=20)
    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    tag = models.ForeignKey(SubscriberTag, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    field = models.ForeignKey(SubscriberField, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    value = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "condition"
        ordering = ["segment", "id"]

    def __str__(self) -> str:
        return f"{self.test} {self.value}".strip()


class SegmentCount(models.Model):
    """What a segment was when it was last counted: how many, how many of each newsletter get mail, and the newest."""

    segment = models.OneToOneField(Segment, on_delete=models.CASCADE, primary_key=True, related_name="counted")
    size = models.PositiveIntegerField()
    mailable = models.JSONField(default=dict, help_text="How many get mail, by the newsletter's key and the rhythm.")
    newest = ArrayField(models.BigIntegerField(), default=list, help_text="So many as a list leads to.")
    counted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.size:,}"


class SegmentBlock(models.Model):
    """Who of so many subscribers in a row, by their keys, was in a segment when it was last counted: a bit for each."""

    SIZE: ClassVar[int] = 8192  # bits: a block is small enough to lie in its row

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, db_index=False, related_name="blocks")
    number = models.BigIntegerField()
    members = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "number"], name="segment_block_once")]

    def __str__(self) -> str:
        return f"{self.segment}, block {self.number}"
