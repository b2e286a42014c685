"""Append-only records: clicks with their verdicts, and the public disclosure log."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import append_only, emptied_only, frozen, never_deleted
from sponsors.models.creatives import CreativeVersion
from sponsors.models.inventory import Booking, Claim
from sponsors.querysets import AdEventQuerySet

CLICKS_STAY = "Clicks are never changed or deleted: reports add them up."


class AdEvent(models.Model):
    """One click on an ad as it came, with its verdict; reports add these up. Only its network is forgotten in time."""

    class Kind(models.TextChoices):
        CLICK = "click"

    class Reason(models.TextChoices):
        """Why a click is not counted."""

        NONE = "", "counted"
        REPEAT = "repeat", "Same reader again"
        HEAD = "head", "Asked for headers only"
        PREFETCH = "prefetch", "Fetched ahead by a browser"
        NO_AGENT = "no agent", "No user agent"
        SCANNER = "scanner", "Crawler or link scanner"
        STAFF = "staff", "Our own staff"
        TEST = "test", "Test or preview"
        TOO_SOON = "too soon", "Before or within seconds of delivery"
        BURST = "burst", "Many links within seconds"
        CANARY = "canary", "Followed a link nobody can see"
        WITHDRAWN = "withdrawn", "Ad no longer approved or booked"
        EXPIRED = "expired", "Long after its day"

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="events")
    version = models.ForeignKey(
        CreativeVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty for a click from a mail, which holds the ad as it was sent.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CLICK)
    nonce = models.CharField(max_length=64, help_text="Identifies the event: a repeat of it is not counted.")
    at = models.DateTimeField(default=timezone.now)
    ip_prefix = models.CharField(max_length=43, blank=True, help_text="An IPv4 /24 or an IPv6 /48.")
    reason = models.CharField(max_length=10, choices=Reason, blank=True, default=Reason.NONE)

    objects = AdEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name, verbose_name_plural = "click on an ad", "clicks on ads"
        triggers = [
            frozen("claim", "version", "kind", "nonce", "at", "reason", words=CLICKS_STAY),
            emptied_only("ip_prefix", words=CLICKS_STAY),
            never_deleted(CLICKS_STAY),
        ]
        indexes = [
            models.Index(fields=["claim", "reason"], name="ad_event_by_claim"),
            models.Index(fields=["reason", "-id"], name="ad_event_by_reason"),
            models.Index(fields=["at"], name="ad_event_with_network", condition=~Q(ip_prefix="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "kind", "nonce"], condition=Q(reason=""), name="ad_event_counted_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=["click"]), name="ad_event_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.claim_id}: {self.get_reason_display()}"


class DisclosureEntry(models.Model):
    """One line of the public log of who paid for what; each carries the hash of the one before."""

    class Kind(models.TextChoices):
        BOOKED = "booked"
        CANCELLED = "cancelled"

    number = models.PositiveIntegerField(unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="disclosures")
    sponsor_name = models.CharField(max_length=120)
    tier = models.CharField(max_length=10)
    placements = ArrayField(models.CharField(max_length=120), help_text="What and when, in plain words.")
    at = models.DateTimeField()
    sha256 = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "disclosure log"
        triggers = [append_only("Entries of the disclosure log are never changed or deleted: it is public.")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["booked", "cancelled"]), name="disclosure_kind_known")
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.sponsor_name}, {self.kind} {self.at:%d %b %Y}"
