"""The ledger of what each booking owes, and the payments that came in or went back."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import append_only, emptied_only, frozen, never_deleted
from sponsors.models.catalogue import money
from sponsors.models.inventory import Booking
from sponsors.models.invoices import Invoice

STAYS = "The ledger and its payments are never changed or deleted: another entry corrects one."


class Payment(models.Model):
    """Money that came in for a booking, or went back."""

    FROM_DESK = "desk:"  # begins what stands in for a reference that nobody knows
    DISPUTE = ":dispute:"  # is in the reference of what a buyer's bank took back
    CAME_BACK = ":came-back"  # ends the reference of what went back and is with us again

    class Kind(models.TextChoices):
        PAYMENT = "payment"
        REFUND = "refund"

    class Method(models.TextChoices):
        BANK = "bank", "Bank transfer"
        CARD = "card", "Card or wallet, by a provider"
        OTHER = "other", "Something else"

    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PAYMENT)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    paid_on = models.DateField("day")
    method = models.CharField(max_length=5, choices=Method, default=Method.BANK)
    provider_ref = models.CharField(
        "reference", max_length=140, blank=True, help_text="Whatever has the same is the same payment."
    )
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-recorded_at", "-id"]
        triggers = [
            frozen(
                "kind", "booking", "amount", "currency", "paid_on", "method", "provider_ref", "recorded_by", "recorded_at",
                words=STAYS,
            ),
            emptied_only("note", words=STAYS),
            never_deleted(STAYS),
        ]  # fmt: skip
        indexes = [models.Index(fields=["paid_on"], name="payment_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_ref"], condition=~Q(provider_ref=""), name="payment_reference_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(condition=Q(kind__in=["payment", "refund"]), name="payment_kind_known"),
            models.CheckConstraint(condition=Q(method__in=["bank", "card", "other"]), name="payment_method_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.amount_text}, {self.booking.name}"

    @property
    def reference(self) -> str:
        """The bank's or provider's, where it is known."""
        return "" if self.provider_ref.startswith(self.FROM_DESK) else self.provider_ref

    @property
    def is_refund(self) -> bool:
        return self.kind == self.Kind.REFUND

    @property
    def signed(self) -> Decimal:
        """What it adds to what the buyer owes."""
        return self.amount if self.is_refund else -self.amount

    @property
    def amount_text(self) -> str:
        return money(self.amount, self.currency)


class LedgerEntry(models.Model):
    """A change of what a booking owes us: what is billed counts up, what is paid or credited counts down."""

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT = "credit", "Credit note"
        PAYMENT = "payment"
        REFUND = "refund"
        ADJUSTMENT = "adjustment"

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="ledger")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    invoice = models.OneToOneField(Invoice, null=True, on_delete=models.PROTECT, related_name="entry")
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="entry")
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("when", default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name, verbose_name_plural = "ledger entry", "ledger"
        triggers = [append_only(STAYS)]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="invoice", amount__gte=0, invoice__isnull=False, payment=None)
                | Q(kind="credit", amount__lte=0, invoice__isnull=False, payment=None)
                | Q(kind="payment", amount__lt=0, invoice=None, payment__isnull=False)
                | Q(kind="refund", amount__gt=0, invoice=None, payment__isnull=False)
                | Q(kind="adjustment", invoice=None, payment=None) & ~Q(amount=0) & ~Q(reason=""),
                name="ledger_entry_has_its_document",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.amount_text}"

    @property
    def amount_text(self) -> str:
        return money(self.amount, self.currency)
