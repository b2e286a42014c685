"""The mails about money, composed as they are sent."""

from typing import Any

from django.conf import settings

from core import outbox
from sponsors.models import Invoice
from sponsors.money import documents

INVOICE = "sponsors.invoice"


def register_all() -> None:
    outbox.register_kind(INVOICE, template="sponsors/invoice", context=invoice)


def invoice(pk: int) -> dict[str, Any] | None:
    """An invoice or a credit note, with where to download it."""
    row = Invoice.objects.select_related("booking__sponsor", "corrects").get(pk=pk)
    return {
        "invoice": row,
        "booking": row.booking,
        "billing_url": settings.SITE_URL + row.booking.billing_path,
        "attachments": [(f"{row.number}.pdf", "application/pdf", documents.pdf_of(row))],
    }
