"""The mails about money, composed as they are sent."""

from typing import Any

from django.conf import settings

from core import outbox
from sponsors.models import Invoice, PaymentReminder
from sponsors.models.catalogue import money
from sponsors.money import documents, ledger
from sponsors.money.amounts import ZERO

INVOICE, REMINDER = "sponsors.invoice", "sponsors.payment_reminder"


def register_all() -> None:
    outbox.register_kind(INVOICE, template="sponsors/invoice", context=invoice)
    outbox.register_kind(REMINDER, template="sponsors/payment_reminder", context=reminder)


def reminder(pk: int) -> dict[str, Any] | None:
    """A reminder of what is still due; none where it was paid meanwhile."""
    row = PaymentReminder.objects.select_related("invoice__booking__sponsor").get(pk=pk)
    booking, due = row.invoice.booking, ledger.balance(row.invoice.booking)
    if due <= ZERO:
        return None
    return {
        "invoice": row.invoice,
        "booking": booking,
        "balance": money(due, row.invoice.currency),
        "billing_url": settings.SITE_URL + booking.billing_path,
    }


def invoice(pk: int) -> dict[str, Any] | None:
    """An invoice or a credit note, with where to download it."""
    row = Invoice.objects.select_related("booking__sponsor", "corrects").get(pk=pk)
    return {
        "invoice": row,
        "booking": row.booking,
        "billing_url": settings.SITE_URL + row.booking.billing_path,
        "attachments": [(f"{row.number}.pdf", "application/pdf", documents.pdf_of(row))],
    }
