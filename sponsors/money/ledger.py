"""The ledger: one signed line for each document and payment, added up by booking and sponsor, and checked against both."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused
from sponsors import events
from sponsors.models import Booking, Invoice, LedgerEntry, Payment, Sponsor
from sponsors.money.amounts import ZERO

Kind = LedgerEntry.Kind


@dataclass(frozen=True, slots=True)
class Balance:
    """What is owed in one currency; below zero, what we owe."""

    currency: str
    amount: Decimal


def bill(invoice: Invoice) -> LedgerEntry:
    """Enter an invoice or a credit note."""
    kind = Kind.CREDIT if invoice.is_credit else Kind.INVOICE
    return LedgerEntry.objects.create(
        booking=invoice.booking,
        kind=kind,
        amount=invoice.signed,
        currency=invoice.currency,
        invoice=invoice,
        by=invoice.issued_by,
        at=invoice.issued_at,
    )


@transaction.atomic
def enter(payment: Payment) -> LedgerEntry:
    """Enter a payment or a refund. One that pays what was left of an invoice is told to webhooks."""
    owing = balance(payment.booking)
    entry = LedgerEntry.objects.create(
        booking=payment.booking,
        kind=Kind.REFUND if payment.is_refund else Kind.PAYMENT,
        amount=payment.signed,
        currency=payment.currency,
        payment=payment,
        by=payment.recorded_by,
        at=payment.recorded_at,
    )
    if owing > ZERO and owing + payment.signed <= ZERO and payment.booking.invoices.standing().exists():
        events.announce(events.PAID, payment.booking)
    return entry


def adjust(booking: Booking, amount: Decimal, *, reason: str, by: User | None) -> LedgerEntry:
    """Change what a booking owes, for a reason such as bank fees or a debt that is given up. Raises TransitionRefused."""
    reason = one_line(reason)[:300]
    if not amount or not reason:
        raise TransitionRefused("An adjustment has an amount, and says why.")
    return LedgerEntry.objects.create(
        booking=booking, kind=Kind.ADJUSTMENT, amount=amount, currency=booking.currency, reason=reason, by=by
    )


def balance(booking: Booking) -> Decimal:
    """What a booking owes; below zero, what we owe."""
    return booking.ledger.aggregate(sum=Sum("amount"))["sum"] or ZERO


def is_disputed(invoice: Invoice) -> bool:
    """Whether a buyer's bank took back money since an invoice was issued, and that is owed ever since."""
    owed = disputed = ZERO
    for entry in invoice.booking.ledger.select_related("payment").order_by("pk"):
        owed += entry.amount
        if entry.payment and Payment.DISPUTE in entry.payment.provider_ref:
            disputed = max(disputed + entry.amount, ZERO)
        if owed <= ZERO or entry.invoice_id == invoice.pk:
            disputed = ZERO
    return disputed > ZERO


def of_sponsor(sponsor: Sponsor) -> list[Balance]:
    """What a sponsor owes with all bookings, one for each currency."""
    return _by_currency(LedgerEntry.objects.filter(booking__sponsor=sponsor))


def owed() -> QuerySet[Booking]:
    """Bookings whose balance is not zero, with it, and with the day on which the invoice that stands is `due`: the first on top."""
    mine = LedgerEntry.objects.filter(booking=OuterRef("pk")).order_by().values("booking")
    return (
        Booking.objects.annotate(
            balance=Subquery(mine.annotate(sum=Sum("amount")).values("sum")),
            due=Subquery(Invoice.objects.filter(booking=OuterRef("pk")).standing().values("due_on")[:1]),
        )
        .filter(~Q(balance=0), balance__isnull=False)
        .order_by("due", "pk")
    )


def _by_currency(entries: QuerySet[LedgerEntry]) -> list[Balance]:
    sums = entries.order_by("currency").values_list("currency").annotate(sum=Sum("amount"))
    return [Balance(currency, amount) for currency, amount in sums]


def faults() -> list[str]:
    """What does not reconcile, in words: every document and payment has its entry at its amount, and all add up."""
    return [*_without_entry(), *_at_another_amount(), *_gaps(), *_credited_too_much(), *_sums()]


def _without_entry() -> Iterable[str]:
    for model in (Invoice, Payment):
        for row in model._default_manager.filter(entry=None):
            yield f"{row} has no entry in the ledger."


def _at_another_amount() -> Iterable[str]:
    for entry in LedgerEntry.objects.exclude(kind=Kind.ADJUSTMENT).select_related("invoice", "payment"):
        of = entry.invoice or entry.payment
        if of and (entry.amount, entry.currency, entry.booking_id) != (of.signed, of.currency, of.booking_id):
            yield f"{of} is in the ledger as {entry.amount_text}."


def _gaps() -> Iterable[str]:
    serials: dict[str, list[int]] = {}
    for series, serial in Invoice.objects.order_by("series", "serial").values_list("series", "serial"):
        serials.setdefault(series, []).append(serial)
    for series, found in serials.items():
        if missing := sorted(set(range(1, found[-1] + 1)) - set(found)):
            yield f"Numbers are missing in {series}: {', '.join(map(str, missing[:10]))}."


def _credited_too_much() -> Iterable[str]:
    credited = Invoice.objects.filter(kind=Invoice.Kind.INVOICE).annotate(credited=Sum("corrections__gross"))
    for invoice in credited.exclude(credited=None):
        if invoice.credited > invoice.gross:
            yield f"{invoice} is credited with more than it says."


def _sums() -> Iterable[str]:
    """The ledger's sum in each currency is what was billed, less what was credited and paid, with what was adjusted."""
    for each in _by_currency(LedgerEntry.objects.all()):
        here = {"currency": each.currency}
        billed = sum((row.signed for row in Invoice.objects.filter(**here)), ZERO)
        paid = Payment.objects.filter(**here).aggregate(
            came=Sum("amount", filter=Q(kind="payment")), went=Sum("amount", filter=Q(kind="refund"))
        )
        adjusted = LedgerEntry.objects.filter(kind=Kind.ADJUSTMENT, **here).aggregate(sum=Sum("amount"))["sum"] or ZERO
        if each.amount != billed - (paid["came"] or ZERO) + (paid["went"] or ZERO) + adjusted:
            yield f"The ledger in {each.currency} does not add up."
