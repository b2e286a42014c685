"""Invoices and credit notes: numbered without gaps, never changed. A credit note corrects one."""

from datetime import date
from decimal import Decimal
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.lib.signing import make_token
from core.lib.triggers import Refusal, emptied_only, frozen, never_deleted, never_truncated
from sponsors.models.catalogue import money
from sponsors.models.inventory import LINK_LASTS, Booking
from sponsors.querysets import InvoiceQuerySet

INVOICE = "sponsors.invoice"
ISSUED = "What was issued is never changed or deleted: a credit note corrects it."
BUYER = ("buyer_name", "buyer_address", "buyer_vat_id", "buyer_email", "buyer_reference")


class InvoiceSeries(models.Model):
    """A year's run of numbers. Whoever takes one keeps the row until their transaction ends, which is why none is lost."""

    name = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def take(name: str) -> int:
        """The next number. Others wait for it until this transaction ends, and get the same again if it fails."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO sponsors_invoiceseries (name, last) VALUES (%s, 1)"
                " ON CONFLICT (name) DO UPDATE SET last = sponsors_invoiceseries.last + 1 RETURNING last",
                [name],
            )
            return int(cursor.fetchone()[0])


class Invoice(models.Model):
    """A document as it was issued, with all that it says. Its amounts are positive, also those of a credit note."""

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT = "credit", "Credit note"

    kind = models.CharField(max_length=7, choices=Kind, default=Kind.INVOICE)
    number = models.CharField(max_length=24, unique=True)
    series = models.CharField(max_length=16)
    serial = models.PositiveIntegerField()
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="invoices")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    issued_on = models.DateField()
    due_on = models.DateField()
    supplied_from = models.DateField(help_text="The first day of what is billed.")
    supplied_until = models.DateField()
    seller = models.JSONField(help_text="The business as it was when this was issued.")
    buyer_name = models.CharField("buyer", max_length=120)
    buyer_address = models.TextField("buyer’s address")
    buyer_country = models.CharField("buyer’s country", max_length=2)
    buyer_vat_id = models.CharField("buyer’s VAT id", max_length=20, blank=True)
    buyer_email = models.EmailField("buyer’s e-mail", blank=True)
    buyer_reference = models.CharField("buyer’s reference", max_length=60, blank=True)
    lines = models.JSONField(help_text="Each with its text, details, net, tax and gross.")
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=12, decimal_places=2)
    tax = models.DecimalField(max_digits=12, decimal_places=2)
    gross = models.DecimalField(max_digits=12, decimal_places=2)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2)
    tax_kind = models.CharField(max_length=10, help_text="By which rule: see sponsors.money.tax.")
    tax_words = models.CharField(max_length=300, blank=True, help_text="Why no tax is charged, or who owes it.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was corrected.")
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(default=timezone.now)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at", "-id"]
        triggers = [
            frozen(
                "kind", "number", "series", "serial", "booking", "corrects", "issued_on", "due_on", "supplied_from",
                "supplied_until", "seller", "buyer_country", "lines", "currency", "net", "tax", "gross",
                "tax_rate", "tax_kind", "tax_words", "reason", "issued_by", "issued_at",
                words=ISSUED,
            ),
            emptied_only(*BUYER, words=ISSUED),
            never_deleted(ISSUED),
        ]  # fmt: skip
        indexes = [models.Index(fields=["issued_on"], name="invoice_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["series", "serial"], name="invoice_serial_unique"),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax"), net__gte=0, tax__gte=0), name="invoice_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", corrects=None) | Q(kind="credit", corrects__isnull=False),
                name="invoice_credit_corrects_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def is_credit(self) -> bool:
        return self.kind == self.Kind.CREDIT

    @property
    def signed(self) -> Decimal:
        """What it adds to what the buyer owes."""
        return -self.gross if self.is_credit else self.gross

    @property
    def gross_text(self) -> str:
        return money(self.gross, self.currency)

    @property
    def path(self) -> str:
        """Where the document is downloaded: anyone with this link may."""
        return reverse("sponsors:invoice", args=[make_token(INVOICE, self.pk, expires_in=LINK_LASTS)])

    def is_overdue(self, on: date) -> bool:
        return not self.is_credit and self.due_on < on


class InvoiceDocument(models.Model):
    """An invoice's PDF as it was first made: whoever asks for it gets the same bytes."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        triggers = [
            frozen("invoice", "pdf", "sha256", "made_at", words=ISSUED),
            Refusal(
                "kept_ten_years",
                pgtrigger.Delete,
                words="An invoice's document is kept for ten years.",
                exists="SELECT 1 WHERE OLD.made_at > now() - interval '3652 days'",
            ),
            never_truncated(ISSUED),
        ]

    def __str__(self) -> str:
        return f"PDF of {self.invoice}"


class Cancellation(models.Model):
    """What a cancelled booking is credited by the terms of its day: each place given back, its share, and how much of it."""

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="cancellation")
    price = models.DecimalField(max_digits=12, decimal_places=2)
    credit = models.DecimalField(max_digits=12, decimal_places=2)
    lines = models.JSONField(help_text="Each with its text and amount.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        triggers = [frozen("booking", "price", "credit", "lines", "at", words=ISSUED), never_deleted(ISSUED)]
        constraints = [
            models.CheckConstraint(
                condition=Q(credit__gte=0, credit__lte=F("price")), name="cancellation_credit_in_price"
            )
        ]

    def __str__(self) -> str:
        return f"Cancellation of {self.booking}"

    def as_json(self) -> dict[str, Any]:
        return {"credit": str(self.credit), "lines": self.lines}


class PaymentReminder(models.Model):
    """A reminder of an invoice that went out: the first, second or third."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    number = models.PositiveSmallIntegerField()
    sent_on = models.DateField()

    class Meta:
        ordering = ["invoice", "number"]
        constraints = [models.UniqueConstraint(fields=["invoice", "number"], name="payment_reminder_once")]

    def __str__(self) -> str:
        return f"Reminder {self.number} of {self.invoice}"
