"""Append-only records: clicks with their verdicts, and the public disclosure log."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import append_only, emptied_only, frozen, never_deleted
from sponsors.models.creatives import CreativeVersion
from sponsors.models.flags import FlagDecision
from sponsors.models.inventory import Booking, Claim
from sponsors.querysets import AdEventQuerySet

CLICKS_STAY = "Clicks are never changed or deleted: reports add them up."
SETTLED = "A verdict on a click is final once it is forgotten where the click came from."
VERDICTS_STAY = "Changes of verdicts are never changed or deleted: they say why a figure changed."


class AdEvent(models.Model):
    """One click on an ad as it came, with the verdict on it; reports add these up. Where it came from is forgotten in time.

    `found` is what its request told at once. `reason` is the verdict, which sponsors.verdicts makes of `found` and of what is
    known of this and other clicks; it is made anew as more is known.
    """

    class Kind(models.TextChoices):
        CLICK = "click"
        CANARY = "canary", "link nobody can see"

    class Reason(models.TextChoices):
        """Why a click is not counted."""

        NONE = "", "counted"
        REPEAT = "repeat", "Same reader again"
        ADDRESS = "address", "Too many readers at one address"
        NETWORK = "network", "Too many readers in one network"
        HOSTED = "hosted", "From a data centre"
        SPONSOR = "sponsor", "The sponsor’s own people"
        HEAD = "head", "Asked for headers only"
        PREFETCH = "prefetch", "Fetched ahead by a browser"
        NO_AGENT = "no agent", "No user agent"
        SCANNER = "scanner", "Crawler or link scanner"
        STAFF = "staff", "Our own staff"
        FOREIGN = "foreign", "Sent from another site"
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
    nonce = models.CharField(
        max_length=64, blank=True, help_text="Tells readers of an ad apart: a second click by one is not counted."
    )
    at = models.DateTimeField("when", default=timezone.now)
    ip_prefix = models.CharField("network", max_length=43, blank=True, help_text="An IPv4 /24 or an IPv6 /48.")
    place = models.CharField(
        max_length=16, blank=True, help_text="Tells addresses apart, without telling which they are."
    )
    agent = models.CharField(max_length=200, blank=True)
    found = models.CharField(max_length=10, choices=Reason, blank=True, default=Reason.NONE)
    reason = models.CharField(max_length=10, choices=Reason, blank=True, default=Reason.NONE)

    objects = AdEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name, verbose_name_plural = "click on an ad", "clicks on ads"
        triggers = [
            frozen("claim", "version", "kind", "at", "found", words=CLICKS_STAY),
            frozen("reason", words=SETTLED, once=pgtrigger.Q(old__nonce=""), name="settled"),
            emptied_only("nonce", "ip_prefix", "place", "agent", words=CLICKS_STAY),
            never_deleted(CLICKS_STAY),
        ]
        indexes = [
            models.Index(fields=["claim", "reason"], name="ad_event_by_claim"),
            models.Index(fields=["reason", "-id"], name="ad_event_by_reason"),
            models.Index(fields=["at"], name="ad_event_with_origin", condition=~Q(nonce="")),
            models.Index(fields=["place", "at"], name="ad_event_by_place", condition=~Q(place="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "nonce"], condition=Q(reason="") & ~Q(nonce=""), name="ad_event_counted_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=["click", "canary"]), name="ad_event_kind_known"),
            models.CheckConstraint(condition=Q(kind="click") | ~Q(reason=""), name="ad_event_canary_not_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.claim_id}: {self.get_reason_display()}"


class VerdictChange(models.Model):
    """A verdict on a click that became another one as more was known."""

    event = models.ForeignKey(AdEvent, on_delete=models.PROTECT, related_name="changes")
    was = models.CharField(max_length=10, choices=AdEvent.Reason, blank=True)
    became = models.CharField(max_length=10, choices=AdEvent.Reason, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        triggers = [append_only(VERDICTS_STAY)]

    def __str__(self) -> str:
        return f"{self.event_id}: {self.was or 'counted'} → {self.became or 'counted'}"


class BuyerVisit(models.Model):
    """A place from which a booking's own pages were opened: clicks from there are the buyer's, not a reader's."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="visits")
    place = models.CharField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["booking", "place"], name="buyer_visit_once")]
        indexes = [models.Index(fields=["at"], name="buyer_visit_by_time")]

    def __str__(self) -> str:
        return f"{self.booking} from {self.place}"


class DisclosureEntry(models.Model):
    """One line of the public log of who paid for what; each carries the hash of the one before."""

    class Kind(models.TextChoices):
        BOOKED = "booked"
        CANCELLED = "cancelled"
        MAKE_GOOD = "make good", "Made good"
        FLAG = "flag", "Named by us"
        CORRECTION = "correction"

    number = models.PositiveIntegerField(unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    booking = models.ForeignKey(Booking, null=True, on_delete=models.PROTECT, related_name="disclosures")
    decision = models.OneToOneField(
        FlagDecision,
        null=True,
        on_delete=models.PROTECT,
        related_name="entry",
        help_text="About a flag, where it is one.",
    )
    sponsor_name = models.CharField(max_length=120)
    tier = models.CharField(max_length=10, blank=True)
    placements = ArrayField(models.CharField(max_length=600), help_text="What and when, in plain words.")
    at = models.DateTimeField("when")
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "disclosure log"
        permissions = [("correct_disclosureentry", "Can correct an entry of the public log, by another one")]
        triggers = [append_only("Entries of the disclosure log are never changed or deleted: it is public.")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["booked", "cancelled", "make good", "flag", "correction"]),
                name="disclosure_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["flag", "correction"]) | Q(booking__isnull=False), name="disclosure_of_a_booking"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.sponsor_name}, {self.kind} {self.at:%d %b %Y}"
