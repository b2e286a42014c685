"""An act on many subscribers: what is done, to whom, how far it is, and what it changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.bulk_acts import AT_WORK, ActBatch, ActRow
from core.bulk_acts import State as ActState
from newsletter.models.audience import Newsletter
from newsletter.models.traits import SubscriberTag


class BulkAct(ActRow):
    """An act on subscribers."""

    class Kind(models.TextChoices):
        TAG = "tag", "Add a tag"
        UNTAG = "untag", "Remove a tag"
        UNSUBSCRIBE = "unsubscribe", "Unsubscribe from a newsletter"
        SUPPRESS = "suppress", "Suppress"
        ERASE = "erase", "Erase"

    State = ActState

    kind = models.CharField("act", max_length=11, choices=Kind)
    tag = models.ForeignKey(SubscriberTag, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "bulk act"
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at"], name="bulk_act_at_work", condition=Q(state__in=AT_WORK))]
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
    def is_undoable(self) -> bool:
        """Tags can be put back as they were. What the consent ledger says cannot be unsaid."""
        return self.tag_id is not None


class BulkActBatch(ActBatch):
    """Some of those whom an act is about, and which of them it changed."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="batches", db_index=False)

    class Meta:
        ordering = ["act", "number"]
        constraints = [models.UniqueConstraint(fields=["act", "number"], name="bulk_act_batch_once")]

    def __str__(self) -> str:
        return f"{self.act}, batch {self.number}"
