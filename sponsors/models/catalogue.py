"""The catalogue: kinds of placement, and packages of them at a price."""

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from core.lib.triggers import Refusal, frozen, never_truncated
from sponsors import channels
from sponsors.querysets import PackageQuerySet

CHANNEL = RegexValidator(r"^(web|mail):[a-z0-9-]+$", "Write web:<place> or mail:<newsletter>, such as web:article.")
SIZE = RegexValidator(r"^[1-9]\d{1,3}x[1-9]\d{1,3}$", "Write a size as width x height in pixels, such as 600x200.")
CURRENCY = RegexValidator(r"^[A-Z]{3}$", "Write the currency as three capitals, such as USD.")
QUOTED = "This package was quoted to someone, so it can no longer change. Make a new version."


class PlacementKind(models.Model):
    """A place for ads on a channel, with the limits of a creative for it."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    channel = models.CharField(
        max_length=60, validators=[CHANNEL], help_text="web:article, web:home, or mail: and a newsletter's slug."
    )
    description = models.CharField(max_length=200, blank=True, help_text="Where it is, in a buyer's words.")
    position = models.PositiveSmallIntegerField(
        default=1, help_text="The order of their ads in a mail. On a page, all that are booked for a day take turns."
    )
    headline_limit = models.PositiveSmallIntegerField(default=60, help_text="Characters.")
    body_limit = models.PositiveSmallIntegerField(default=200, help_text="Characters.")
    image_sizes = ArrayField(
        models.CharField(max_length=9, validators=[SIZE]),
        default=list,
        blank=True,
        help_text="Sizes such as 600x200, separated by commas; an image has one of them exactly, or twice it.",
    )
    phone_sizes = ArrayField(
        models.CharField(max_length=9, validators=[SIZE]),
        default=list,
        blank=True,
        help_text="Sizes of a second image for phones, such as 600x300, where a wide one would be a thin strip. Only on pages.",
    )
    cutoff_hours = models.PositiveSmallIntegerField(
        default=24, help_text="Hours before its day by which a creative must be submitted."
    )

    is_exclusive = models.BooleanField(
        "one of a category",
        default=False,
        help_text="On a day, or in an issue, one booking of each category of sponsors at most has a place of this kind.",
    )

    class Meta:
        ordering = ["channel", "position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(channel__regex=r"^(web|mail):[a-z0-9-]+$"), name="kind_channel_known"),
            models.CheckConstraint(condition=Q(headline_limit__gt=0, body_limit__gt=0), name="kind_limits_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.channel not in channels.known():
            raise ValidationError({"channel": f"No ad would be seen on it. There are: {', '.join(channels.known())}."})

    @property
    def is_mail(self) -> bool:
        return self.channel.startswith("mail:")

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """The image sizes as pairs of width and height."""
        return _pairs(self.image_sizes)

    @property
    def sizes_on_phones(self) -> list[tuple[int, int]]:
        """The sizes of the second image; none in mails, which have one image for all."""
        return [] if self.is_mail else _pairs(self.phone_sizes)


def _pairs(sizes: list[str]) -> list[tuple[int, int]]:
    return [(int(width), int(height)) for width, height in (size.split("x") for size in sizes)]


class Package(models.Model):
    """A bundle of placements at a price. Once quoted it never changes; a new version takes its place."""

    class Tier(models.TextChoices):
        PLATINUM = "platinum"
        GOLD = "gold"
        SILVER = "silver"
        CUSTOM = "custom", "Made to measure"

    tier = models.CharField(max_length=10, choices=Tier)
    title = models.CharField(max_length=60, blank=True, help_text="The name of one that is made to measure.")
    version = models.PositiveSmallIntegerField(default=1, editable=False)
    summary = models.CharField(max_length=200, help_text="One sentence on whom it suits.")
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, default="USD", validators=[CURRENCY])
    on_sale = models.BooleanField(default=False, help_text="One version of each tier is on sale at a time.")
    quoted_at = models.DateTimeField(null=True, editable=False)

    objects = PackageQuerySet.as_manager()

    class Meta:
        ordering = ["-price", "tier", "-version"]
        triggers = [
            frozen(
                "tier",
                "version",
                "summary",
                "price",
                "currency",
                "quoted_at",
                once=pgtrigger.Q(old__quoted_at__isnull=False),
                words=QUOTED,
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["tier", "version"], name="package_version_unique"),
            models.UniqueConstraint(
                fields=["tier"],
                condition=Q(on_sale=True),
                name="package_one_on_sale_per_tier",
                violation_error_message="Another version of this tier is on sale. Take that one off sale first.",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="package_price_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="package_currency_known"),
            models.CheckConstraint(
                condition=Q(tier__in=["platinum", "gold", "silver", "custom"]), name="package_tier_known"
            ),
            models.CheckConstraint(
                condition=~Q(tier="custom") | Q(on_sale=False),
                name="package_made_to_measure_is_offered_only",
                violation_error_message="What is made to measure goes to one buyer, by an offer. Give it another tier to sell it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"

    @property
    def name(self) -> str:
        return self.title or self.get_tier_display()

    @property
    def price_text(self) -> str:
        """The price as people read it: `USD 4,500` or `USD 4,500.50`."""
        return money(self.price, self.currency)

    @property
    def offer(self) -> str:
        """What a booking form was filled in for: the version and its price."""
        return f"{self.version} {self.currency} {self.price:.2f}"

    def snapshot(self) -> dict[str, Any]:
        """The package as a booking keeps it."""
        return {
            "tier": self.tier,
            "version": self.version,
            "name": self.name,
            "price": str(self.price),
            "currency": self.currency,
            "items": [
                {
                    "kind": item.kind_id,
                    "name": item.kind.name,
                    "channel": item.kind.channel,
                    "quantity": item.quantity,
                    "guarantee": item.guarantee,
                }
                for item in self.items.all()
            ],
        }


class PackageItem(models.Model):
    """A number of placements of one kind in a package."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="items")
    kind = models.ForeignKey(PlacementKind, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    guarantee = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Views, in mails messages delivered, of all its days together. What stays below is to be made good. Empty: none.",
    )

    class Meta:
        ordering = ["kind__channel", "kind__position", "id"]
        triggers = [
            Refusal(
                "frozen",
                pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                words=QUOTED,
                exists="SELECT FROM sponsors_package"
                " WHERE quoted_at IS NOT NULL AND id IN (OLD.package_id, NEW.package_id)",
            ),
            never_truncated(QUOTED),
        ]
        constraints = [
            models.UniqueConstraint(fields=["package", "kind"], name="package_item_kind_unique"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="package_item_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.kind}"

    def clean(self) -> None:
        if self.package_id and self.package.quoted_at:
            raise ValidationError(QUOTED)


def money(amount: Any, currency: str) -> str:
    """An amount with its currency; whole amounts without decimals."""
    return f"{currency} {amount:,.0f}" if amount == int(amount) else f"{currency} {amount:,.2f}"
