"""An act on many subscribers: what is done, to whom, how far it is, and what it changed."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.leases import LeasedModel
from newsletter.models.audience import Newsletter
from newsletter.models.traits import SubscriberTag


class BulkAct(LeasedModel):
    """Whom it is about is collected first; then it waits for somebody to say yes, and a worker goes through the batches."""

    LEASE: ClassVar[timedelta] = timedelta(minutes=10)

    class Kind(models.TextChoices):
        TAG = "tag", "Add a tag"
        UNTAG = "untag", "Remove a tag"
        UNSUBSCRIBE = "unsubscribe", "Unsubscribe from a newsletter"
        SUPPRESS = "suppress", "Suppress"
        ERASE = "erase", "Erase"

    class State(models.TextChoices):
        COLLECTING = "collecting", "finding the subscribers"
        READY = "ready", "waits for a yes"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone"
        FAILED = "failed"

    kind = models.CharField("act", max_length=11, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.COLLECTING)
    tag = models.ForeignKey(SubscriberTag, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    selection = models.JSONField(
        default=dict, blank=True, help_text="What the list was narrowed to, until it is collected."
    )
    about = models.CharField(max_length=300, blank=True, help_text="The same in words, without addresses.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    is_cancel_asked = models.BooleanField(default=False)
    by_name = models.CharField("by", max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "bulk act"
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at"], name="bulk_act_at_work", condition=Q(state__in=["collecting", "running", "undoing"])
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["tag", "untag", "unsubscribe", "suppress", "erase"]), name="bulk_act_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "collecting", "ready", "running", "done", "cancelled", "undoing", "undone", "failed",
                    ]
                ),
                name="bulk_act_state_known",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        what = {"tag": self.tag, "untag": self.tag, "unsubscribe": self.newsletter}.get(self.kind)
        return f"{self.get_kind_display()}: {what}" if what else self.get_kind_display()

    @property
    def is_at_work(self) -> bool:
        return self.state in (self.State.COLLECTING, self.State.RUNNING, self.State.UNDOING)

    @property
    def can_undo(self) -> bool:
        """Tags can be put back as they were. What the consent ledger says cannot be unsaid."""
        ended = self.state in (self.State.DONE, self.State.CANCELLED)
        return ended and bool(self.changed and self.tag_id) and self.batches.exists()


class BulkActBatch(models.Model):
    """Some of those whom an act is about, and which of them it changed."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="batches", db_index=False)
    number = models.PositiveIntegerField()
    subscribers = ArrayField(models.BigIntegerField())
    changed = ArrayField(models.BigIntegerField(), default=list)
    is_done = models.BooleanField(default=False)

    class Meta:
        ordering = ["act", "number"]
        constraints = [models.UniqueConstraint(fields=["act", "number"], name="bulk_act_batch_once")]

    def __str__(self) -> str:
        return f"{self.act}, batch {self.number}"
