"""What the law of a place asks of an ad: texts to print beside it, and what whoever approves it looks at."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q


class AssetClass(models.TextChoices):
    """What an ad is for, as far as rules tell it apart."""

    NONE = "none", "No investment: software, data, a service, an event"
    TRADING = "trading", "Buying, selling, holding, staking or lending crypto-assets"
    OFFER = "offer", "A crypto-asset that is offered to the public"
    STABLE = "stable", "A stablecoin"
    DERIVATIVE = "derivative", "Derivatives of crypto-assets"


class Jurisdiction(models.TextChoices):
    """Where readers are whom an ad addresses."""

    GB = "GB", "United Kingdom"
    EU = "EU", "European Union and EEA"
    US = "US", "United States"
    ALL = "", "Everywhere"


class AdRule(models.Model):
    """One rule: where it holds, for which ads, what is printed with them, and what an approver has to see to."""

    name = models.CharField(max_length=120, unique=True)
    jurisdiction = models.CharField(max_length=2, choices=Jurisdiction, blank=True)
    asset_classes = ArrayField(
        models.CharField(max_length=10, choices=AssetClass),
        help_text="Which ads it holds for: " + ", ".join(AssetClass.values) + ", separated by commas.",
    )
    source = models.CharField(max_length=200, help_text="Where it is written, such as FCA Handbook COBS 4.12A.")
    printed = models.TextField(
        "printed with the ad",
        max_length=600,
        blank=True,
        help_text="Word for word, on pages and in mails. Empty where nothing has to be printed.",
    )
    checks = models.TextField(
        "what to look at", max_length=1500, blank=True, help_text="For whoever approves it for compliance: one a line."
    )
    is_on = models.BooleanField("in force", default=True)

    class Meta:
        ordering = ["jurisdiction", "name"]
        verbose_name = "rule for ads"
        verbose_name_plural = "rules for ads"
        constraints = [
            models.CheckConstraint(condition=Q(jurisdiction__in=["", "GB", "EU", "US"]), name="ad_rule_place_known")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not (self.printed.strip() or self.checks.strip()):
            raise ValidationError("Write what is printed with the ad, or what an approver has to look at.")
