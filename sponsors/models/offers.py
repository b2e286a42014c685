"""What somebody asked for beyond the packages on sale, and what was offered to them."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core.lib.signing import make_token
from core.lib.triggers import frozen
from sponsors.models.catalogue import CURRENCY, Package, money
from sponsors.models.inventory import Booking, Sponsor

OFFER = "sponsors.offer"


class Inquiry(models.Model):
    """What somebody wrote in the form on the media kit."""

    class State(models.TextChoices):
        OPEN = "open"
        OFFERED = "offered"
        CLOSED = "closed"

    company = models.CharField(max_length=120)
    contact_email = models.EmailField("e-mail address")
    category = models.CharField(max_length=20, choices=Sponsor.Category, default=Sponsor.Category.OTHER)
    message = models.TextField(max_length=4000)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN, editable=False)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-asked_at"]
        verbose_name_plural = "inquiries"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["open", "offered", "closed"]), name="inquiry_state_known")
        ]

    def __str__(self) -> str:
        return f"{self.company}, {self.asked_at:%d %b %Y}"


class Offer(models.Model):
    """A package at a price, for one buyer and for a time. What it says never changes: another one takes its place."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        WITHDRAWN = "withdrawn"

    inquiry = models.ForeignKey(Inquiry, null=True, blank=True, on_delete=models.SET_NULL, related_name="offers")
    company = models.CharField(max_length=120)
    contact_email = models.EmailField("e-mail address")
    category = models.CharField(max_length=20, choices=Sponsor.Category, default=Sponsor.Category.OTHER)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="offers")
    runs = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    weeks = models.PositiveSmallIntegerField(
        "weeks between starts", default=0, help_text="0: one run follows on the other."
    )
    price = models.DecimalField(
        max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))], help_text="For all runs."
    )
    currency = models.CharField(max_length=3, default="USD", validators=[CURRENCY])
    reason = models.CharField("why this price", max_length=200, help_text="For us: it is kept with the booking.")
    words = models.TextField("what to tell them", max_length=2000, blank=True)
    expires_at = models.DateTimeField("valid until")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN, editable=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, editable=False)
    booking = models.OneToOneField(Booking, null=True, editable=False, on_delete=models.PROTECT, related_name="offer")

    class Meta:
        ordering = ["-made_at"]
        triggers = [
            frozen(
                "package_id",
                "runs",
                "weeks",
                "price",
                "currency",
                "expires_at",
                words="An offer stays as it was sent. Withdraw it, and make another.",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0, runs__gte=1), name="offer_price_and_runs"),
            models.CheckConstraint(condition=Q(state__in=["open", "accepted", "withdrawn"]), name="offer_state_known"),
            models.CheckConstraint(
                condition=Q(state="accepted", booking__isnull=False) | ~Q(state="accepted") & Q(booking=None),
                name="offer_accepted_has_booking",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company}: {self.package.name}, {self.price_text}"

    @property
    def price_text(self) -> str:
        return money(self.price, self.currency)

    @property
    def terms(self) -> tuple[int, int, int]:
        """What its link carries: the row, the version of the package and the price in hundredths."""
        return self.pk, self.package.version, int(self.price * 100)

    @property
    def path(self) -> str:
        """Where it is accepted; the link ends with the offer."""
        token = make_token(OFFER, *self.terms, expires_in=self.expires_at - timezone.now())
        return reverse("sponsors:offer", args=[token])

    def is_open(self, now: datetime | None = None) -> bool:
        return self.state == self.State.OPEN and self.expires_at > (now or timezone.now())
