"""A month of the books for the bookkeeper: a row for each document, payment and adjustment, in the columns of DATEV.

docs/bookkeeping.md says what each column holds.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from core.lib import months, spreadsheets
from sponsors.models import LedgerEntry

DEBTORS = 10_000  # from which number on the accounts of customers are: a sponsor's is this and its id
HEAD = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)",
    "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Buchungstext", "EU-Land u. UStID", "Land", "Art", "Netto", "Steuer",
    "Steuersatz", "Steuerfall",
)  # fmt: skip


def rows(month: date) -> Iterator[tuple[str, ...]]:
    """The header, and a month's entries in the order in which they were made."""
    yield HEAD
    day = month.replace(day=1)
    entries = LedgerEntry.objects.select_related("booking__sponsor", "invoice__corrects", "payment")
    for entry in entries.filter(at__date__gte=day, at__date__lt=months.shifted(day, 1)).order_by("pk").iterator():
        yield _row(entry)


def _row(entry: LedgerEntry) -> tuple[str, ...]:
    invoice, payment = entry.invoice, entry.payment
    on = invoice.issued_on if invoice else payment.paid_on if payment else entry.at.date()
    debtor = str(DEBTORS + entry.booking.sponsor_id) if entry.booking.sponsor_id else ""
    taxed = ("", "", "", "")
    if invoice:
        sign = -1 if invoice.is_credit else 1
        taxed = (_number(invoice.net * sign), _number(invoice.tax * sign), _number(invoice.tax_rate), invoice.tax_kind)
    told = (
        _number(abs(entry.amount)),
        "S" if entry.amount > 0 else "H",
        entry.currency,
        debtor,
        "",
        f"{on:%d.%m.%Y}",
        invoice.number if invoice else payment.reference[:36] if payment else "",
        invoice.corrects.number if invoice and invoice.corrects else "",
        f"{entry.get_kind_display()}: {entry.booking.name}{', ' if entry.reason else ''}{entry.reason}"[:60],
        invoice.buyer_vat_id if invoice else "",
        invoice.buyer_country if invoice else "",
        entry.kind,
    )
    return (*spreadsheets.disarmed(told), *taxed)


def _number(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
