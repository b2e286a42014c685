"""Who sells, by which rules of tax and terms, and to whom invoices are made out."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from sponsors import identifiers
from sponsors.models.inventory import Booking

PREFIX = RegexValidator(r"^[A-Z0-9-]{0,8}$", "Up to eight capitals, digits or hyphens, such as MP-.")
PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class Seller(models.Model):
    """The business in whose name is billed. There is one row; until there is, nothing is billed."""

    class TaxRule(models.TextChoices):
        NONE = "none", "No tax"
        ADDED = "added", "EU VAT, added to the price"
        INCLUSIVE = "inclusive", "A tax that is included in the price"

    name = models.CharField("name of the business", max_length=120)
    address = models.TextField(
        max_length=300, help_text="As it is printed on invoices, without the name and the country."
    )
    country = models.CharField(max_length=2, validators=[identifiers.known_country])
    email = models.EmailField("e-mail for questions", blank=True)
    vat_id = models.CharField("VAT id", max_length=20, blank=True)
    tax_number = models.CharField(max_length=40, blank=True, help_text="The number that your tax office gave you.")
    tax_rule = models.CharField(max_length=10, choices=TaxRule, default=TaxRule.NONE)
    tax_rate = models.DecimalField(
        "rate of tax", max_digits=5, decimal_places=2, default=Decimal(0), validators=PERCENT, help_text="In percent."
    )
    tax_words = models.CharField(
        max_length=200, blank=True, help_text="Printed where no tax is charged by the first rule, such as why."
    )
    account_holder = models.CharField(max_length=120, blank=True, help_text="Empty: the name of the business.")
    iban = models.CharField("IBAN or account number", max_length=40, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)
    bank = models.CharField(max_length=120, blank=True)
    payment_days = models.PositiveSmallIntegerField(
        default=14, validators=[MaxValueValidator(180)], help_text="Days in which an invoice is to be paid."
    )
    prefix = models.CharField(
        "numbers begin with",
        max_length=8,
        blank=True,
        validators=[PREFIX],
        help_text="Then the year and a running number follow: MP-2026-00001.",
    )
    credit_days = models.PositiveSmallIntegerField(
        "cancelled free of charge",
        default=14,
        help_text="Days ahead: a place that is cancelled earlier before its day is credited in full.",
    )
    late_credit = models.DecimalField(
        "credited afterwards",
        max_digits=5,
        decimal_places=2,
        default=Decimal(50),
        validators=PERCENT,
        help_text="In percent of the place's share of the price. What ran is never credited.",
    )

    class Meta:
        verbose_name, verbose_name_plural = "seller", "invoicing"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="seller_is_one_row"),
            models.CheckConstraint(
                condition=Q(tax_rule__in=["none", "added", "inclusive"]), name="seller_tax_rule_known"
            ),
            models.CheckConstraint(
                condition=Q(tax_rate__range=(0, 100), late_credit__range=(0, 100)), name="seller_percents_sound"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = 1
        super().save(*args, **kwargs)

    def clean(self) -> None:
        errors = {}
        for field, tidy in (("vat_id", identifiers.vat_id), ("bic", identifiers.bic)):
            if getattr(self, field):
                try:
                    setattr(self, field, tidy(getattr(self, field)))
                except ValidationError as error:
                    errors[field] = error
        if self.iban[:2].isalpha():
            try:
                self.iban = identifiers.iban(self.iban)
            except ValidationError as error:
                errors["iban"] = error
        if self.tax_rule == self.TaxRule.ADDED and self.country not in identifiers.EU:
            errors["tax_rule"] = ValidationError(
                "EU VAT is charged by businesses in the EU: choose another rule, or the country where the business is."
            )
        if self.tax_rule != self.TaxRule.NONE and not self.tax_rate:
            errors["tax_rate"] = ValidationError("Which rate is charged?")
        if errors:
            raise ValidationError(errors)


class BillingDetails(models.Model):
    """To whom a booking's invoice is made out; those of a sponsor's last booking hold for the next."""

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="billing")
    name = models.CharField("name of the business", max_length=120)
    address = models.TextField(max_length=300)
    country = models.CharField(max_length=2, validators=[identifiers.known_country])
    vat_id = models.CharField("VAT id", max_length=20, blank=True)
    email = models.EmailField("e-mail for invoices", blank=True)
    reference = models.CharField("your reference", max_length=60, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = "billing details", "billing details"

    def __str__(self) -> str:
        return self.name
