"""Deliveries, one for each subscriber of a frozen briefing; tracked links, and the hits on them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.leases import LeasedModel
from newsletter.models.audience import Subscriber
from newsletter.models.briefings import Briefing, BriefingItem
from newsletter.querysets import DeliveryQuerySet


class Delivery(LeasedModel):
    """What must be sent to one subscriber, and how far it has come (newsletter.sending.deliveries says what the states mean)."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        RETRY = "retry", "to be tried again"
        FAILED = "failed"
        UNCERTAIN = "uncertain"
        SKIPPED = "skipped"

    briefing = models.ForeignKey(Briefing, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    sent_at = models.DateTimeField(null=True)
    variant = models.PositiveSmallIntegerField(
        null=True, help_text="The subject that it has in a test; none for the rest, which gets the winner's."
    )
    note = models.TextField(blank=True, help_text="The mail server's answer, or why it was skipped.")

    turn_at = models.DateTimeField(
        null=True, help_text="When it may go by the rate of its recipient's domain: it has waited for that."
    )
    came_from = models.CharField(
        max_length=10,
        blank=True,
        db_default="",
        default="",
        help_text="Of one that staff send again: as what it stood before.",
    )

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["briefing", "state", "due_at"], name="delivery_open", condition=~Q(state="sent")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["briefing", "subscriber"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending", "sent", "retry", "failed", "uncertain", "skipped"]),
                name="delivery_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="delivery_sent_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease__isnull=False, lease_expires_at__isnull=False),
                name="delivery_in_hand_has_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.briefing} → {self.subscriber or 'erased'}"


class TrackedLink(models.Model):
    """A link of a frozen briefing: the only places that a click can lead to. Number 0 is the hidden one."""

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="links", db_index=False)
    number = models.PositiveSmallIntegerField()
    url = models.TextField()
    item = models.ForeignKey(BriefingItem, on_delete=models.SET_NULL, null=True, related_name="links")
    claim = models.ForeignKey("sponsors.Claim", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["briefing", "number"]
        constraints = [models.UniqueConstraint(fields=["briefing", "number"], name="link_number_once")]

    def __str__(self) -> str:
        return self.url


class Hit(models.Model):
    """One request for a tracked link or the open pixel: kept raw, and judged later in newsletter.sending.tracking."""

    class Kind(models.TextChoices):
        OPEN = "open"
        CLICK = "click"

    class Verdict(models.TextChoices):
        UNJUDGED = "", "not judged yet"
        VALID = "valid", "counted"
        MACHINE = "machine", "a machine's"
        REJECTED = "rejected"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="hits", db_index=False)
    link = models.ForeignKey(TrackedLink, on_delete=models.CASCADE, null=True, related_name="hits")
    kind = models.CharField(max_length=5, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    network = models.CharField(max_length=45, blank=True, help_text="IP network, not the address.")
    user_agent = models.CharField(max_length=300, blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.UNJUDGED, blank=True)
    reason = models.CharField(max_length=20, blank=True, help_text="Why it does not count.")

    class Meta:
        indexes = [
            models.Index(fields=["delivery", "at"], name="hit_of_delivery"),
            models.Index(fields=["at"], name="hit_unjudged", condition=Q(verdict="")),
            models.Index(fields=["at"], name="hit_with_origin", condition=~Q(network="", user_agent="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="click", link__isnull=False) | Q(kind="open", link__isnull=True),
                name="hit_click_has_link",
            ),
            models.CheckConstraint(
                condition=Q(verdict="")
                | Q(verdict="valid", reason="")
                | Q(verdict__in=["machine", "rejected"]) & ~Q(reason=""),
                name="hit_not_counted_has_reason",
            ),
            models.UniqueConstraint(
                fields=["delivery", "link"], condition=Q(kind="click", verdict="valid"), name="hit_one_click_counts"
            ),
            models.UniqueConstraint(
                fields=["delivery"], condition=Q(kind="open", verdict="valid"), name="hit_one_open_counts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M} UTC"
