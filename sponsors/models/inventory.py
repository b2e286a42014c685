"""Sponsors, the units on sale, bookings, and the claims of bookings on units."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from core.lib.signing import make_token
from sponsors.models.catalogue import CHANNEL, Package, PlacementKind, money
from sponsors.querysets import BookingQuerySet, RunUnitQuerySet, SponsorQuerySet

KEEP = "sponsors.keep"
PORTAL = "sponsors.portal"
REPORT = "sponsors.report"
RENEW = "sponsors.renew"
LINK_LASTS = timedelta(days=180)
KEEP_LASTS = timedelta(days=3)


class Sponsor(models.Model):
    """An organisation that buys ads."""

    class Category(models.TextChoices):
        EXCHANGE = "exchange", "Exchange or broker"
        WALLET = "wallet", "Wallet or custody"
        PROTOCOL = "protocol", "Protocol or token"
        INFRASTRUCTURE = "infrastructure", "Infrastructure or data"
        OTHER = "other", "Something else"

    name = models.CharField(max_length=120)
    category = models.CharField(max_length=20, choices=Category, default=Category.OTHER)
    website = models.URLField(blank=True, validators=[URLValidator(schemes=["http", "https"])])
    contact_email = models.EmailField("e-mail address", blank=True)
    aliases = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Other names a text may call it by (products, tickers such as $ABC), separated by commas.",
    )
    jurisdictions = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        help_text="Country codes it advertises to, separated by commas.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SponsorQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="sponsor_name_unique", violation_error_message="There is a sponsor of this name."
            )
        ]

    def __str__(self) -> str:
        return self.name


class Blackout(models.Model):
    """Days on which nothing can be booked. What is booked on them already stays, and can be moved."""

    first = models.DateField("first day")
    last = models.DateField("last day")
    channel = models.CharField(
        max_length=60, blank=True, validators=[CHANNEL], help_text="Such as mail:orbit. Empty: no ads anywhere."
    )
    words = models.CharField(
        "why", max_length=120, help_text="Buyers see it on the calendar, such as: Our awards, no ads."
    )

    class Meta:
        ordering = ["first", "channel"]
        verbose_name = "blackout"
        constraints = [
            models.CheckConstraint(
                condition=Q(last__gte=models.F("first")),
                name="blackout_ends_after_it_begins",
                violation_error_message="The last day must be on or after the first.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first:%d %b %Y} to {self.last:%d %b %Y}: {self.words}"


class RunUnit(models.Model):
    """One thing that can be sold once: a placement of a kind, on a channel, on a day."""

    is_taken: bool  # by objects.with_taken()

    class Phase(models.TextChoices):
        """Whether the unit's day has come or gone; updated by beat, so that the pages showing it are rendered again."""

        AHEAD = "ahead"
        TODAY = "today"
        PAST = "past"

    kind = models.ForeignKey(PlacementKind, on_delete=models.PROTECT, related_name="units")
    channel = models.CharField(
        max_length=60, validators=[CHANNEL], help_text="The kind's channel when the unit was put on sale."
    )
    date = models.DateField()
    ordinal = models.PositiveSmallIntegerField(default=1)
    cutoff_at = models.DateTimeField(help_text="A creative submitted later does not run in this unit.")
    phase = models.CharField(max_length=5, choices=Phase, default=Phase.AHEAD, editable=False)
    off_sale = models.CharField(
        "taken off sale", max_length=200, blank=True, help_text="Why nobody can book it. Empty: it is on sale."
    )

    objects = RunUnitQuerySet.as_manager()

    class Meta:
        ordering = ["date", "channel", "kind", "ordinal"]
        verbose_name, verbose_name_plural = "place on a day", "calendar of places"
        constraints = [
            models.UniqueConstraint(fields=["kind", "channel", "date", "ordinal"], name="run_unit_unique"),
            models.CheckConstraint(condition=Q(ordinal__gte=1), name="run_unit_ordinal_from_one"),
        ]
        indexes = [
            models.Index(fields=["channel", "date"], name="run_unit_by_day"),
            models.Index(fields=["date"], name="run_unit_turning", condition=~Q(phase="past")),
        ]

    def __str__(self) -> str:
        number = f" #{self.ordinal}" if self.ordinal > 1 else ""
        return f"{self.kind}, {self.date:%d %b %Y}{number}"

    @property
    def is_mail(self) -> bool:
        return self.channel.startswith("mail:")


class Booking(models.Model):
    """A buyer's hold on the units of one package, or the purchase of them."""

    starts_on: date | None  # by objects.with_first_day()

    class State(models.TextChoices):
        HELD = "held"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    sponsor = models.ForeignKey(
        Sponsor,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="bookings",
        help_text="Set when it is confirmed, at the latest.",
    )
    company = models.CharField(max_length=120)
    contact_email = models.EmailField("e-mail address")
    message = models.TextField(blank=True)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="bookings")
    category = models.CharField(
        max_length=20,
        choices=Sponsor.Category,
        default=Sponsor.Category.OTHER,
        help_text="Where places are for one of a category, it keeps others out.",
    )
    snapshot = models.JSONField(editable=False, help_text="The package as it was quoted.")
    price = models.DecimalField(max_digits=10, decimal_places=2, editable=False)
    currency = models.CharField(max_length=3, editable=False)
    runs = models.PositiveSmallIntegerField(default=1, editable=False)
    discount = models.DecimalField(
        max_digits=10, decimal_places=2, default=0, editable=False, help_text="What the price is below the list."
    )
    discount_reason = models.CharField(
        max_length=200, blank=True, editable=False, help_text="Why its price is not that of the list."
    )
    state = models.CharField(max_length=10, choices=State, default=State.HELD, editable=False)
    hold_until = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    address_confirmed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the link of our mail was used; until then it is held for minutes only.",
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    reason = models.CharField(max_length=300, blank=True, editable=False, help_text="Why it was cancelled.")
    shows_results = models.BooleanField(
        "results in the media kit",
        default=False,
        db_default=False,
        help_text="The sponsor agreed that the media kit names them with what their package brought.",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        permissions = [("decide_booking", "Can confirm and cancel bookings")]
        indexes = [models.Index(fields=["hold_until"], name="booking_held", condition=Q(state="held"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["held", "confirmed", "cancelled", "expired"]), name="booking_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(hold_until__isnull=False), name="booking_hold_has_end"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(sponsor__isnull=False), name="booking_confirmed_has_sponsor"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="booking_price_not_negative"),
            models.CheckConstraint(condition=Q(runs__gte=1), name="booking_runs_from_one"),
            models.CheckConstraint(
                condition=Q(discount=0) | Q(discount__gt=0) & ~Q(discount_reason=""), name="booking_discount_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company}, {self.snapshot['name']}"

    @property
    def keep_path(self) -> str:
        """The page that keeps the dates: whoever has the link reads mail at the booking's address."""
        return reverse("sponsors:keep", args=[make_token(KEEP, self.pk, expires_in=KEEP_LASTS)])

    @property
    def portal_path(self) -> str:
        """The sponsor's own page: anyone with this link may submit creatives."""
        return reverse("sponsors:portal", args=[make_token(PORTAL, self.pk, expires_in=LINK_LASTS)])

    @property
    def billing_path(self) -> str:
        """To whom it is billed, what is due, the invoices."""
        return reverse("sponsors:billing", args=[make_token(PORTAL, self.pk, expires_in=LINK_LASTS)])

    @property
    def checkout_path(self) -> str:
        """Where paying at a provider begins."""
        return reverse("sponsors:checkout", args=[make_token(PORTAL, self.pk, expires_in=LINK_LASTS)])

    @property
    def days_path(self) -> str:
        """The page on which its sponsor moves its days."""
        return reverse("sponsors:days", args=[make_token(PORTAL, self.pk, expires_in=LINK_LASTS)])

    @property
    def report_path(self) -> str:
        """The report, which the sponsor may pass on."""
        return reverse("sponsors:report", args=[make_token(REPORT, self.pk, expires_in=LINK_LASTS)])

    @property
    def account_path(self) -> str:
        """The page on which its sponsor asks for an account."""
        return reverse("sponsors:ask-for-account", args=[make_token(PORTAL, self.pk, expires_in=LINK_LASTS)])

    @property
    def renewal_path(self) -> str:
        """Where its package can be booked again in one step: the link comes with the report, to the booking's address."""
        return reverse("sponsors:renew", args=[make_token(RENEW, self.pk, expires_in=LINK_LASTS)])

    @property
    def name(self) -> str:
        """The buyer's name."""
        return self.sponsor.name if self.sponsor else self.company

    @property
    def price_text(self) -> str:
        return money(self.price, self.currency)

    def is_live(self, now: datetime | None = None) -> bool:
        """Whether it keeps its units."""
        if self.state == self.State.HELD and self.hold_until:
            return self.hold_until > (now or timezone.now())
        return self.state == self.State.CONFIRMED


class Claim(models.Model):
    """A booking's claim on one unit; a live one excludes every other. Clicks are counted for it."""

    class State(models.TextChoices):
        HELD = "held"
        CONFIRMED = "confirmed"
        RELEASED = "released"

    unit = models.ForeignKey(RunUnit, on_delete=models.PROTECT, related_name="claims")
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="claims")
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    exclusive = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text="Channel, day and category that it has to itself. Of several places of a booking there, one has it.",
    )

    class Meta:
        ordering = ["unit__date", "unit__channel", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["exclusive"],
                condition=Q(state__in=["held", "confirmed"]) & ~Q(exclusive=""),
                name="claim_one_of_category_per_issue",
                violation_error_message="Another booking of this category has one of its days to itself.",
            ),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state__in=["held", "confirmed"]), name="claim_one_live_per_unit"
            ),
            models.CheckConstraint(condition=Q(state__in=["held", "confirmed", "released"]), name="claim_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} for {self.booking}"
