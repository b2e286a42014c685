"""Issuing invoices and credit notes: one number after the other, whoever confirms at the same time."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from core import outbox
from core.lib import batches
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, lock
from sponsors.models import BillingDetails, Booking, Claim, Invoice, InvoiceSeries, Seller
from sponsors.money import ledger, tax
from sponsors.money.amounts import ZERO
from sponsors.money.tax import Line, Treatment

MAIL = "sponsors.invoice"
LIVE = (Claim.State.HELD, Claim.State.CONFIRMED)


def seller() -> Seller | None:
    """In whose name is billed; None until somebody said so."""
    return Seller.objects.first()


def details_for(booking: Booking) -> BillingDetails | None:
    """To whom a booking is billed: what its buyer said, or else a copy of what the sponsor said last."""
    row = details_of(booking)
    if row and row.booking_id != booking.pk:
        row.pk, row.booking, row.reference = None, booking, ""
        row._state.adding = True
        row.save()
    return row


def details_of(booking: Booking) -> BillingDetails | None:
    """What its buyer said, or else what was said last at the same address, of another booking of its sponsor."""
    own = BillingDetails.objects.filter(booking=booking).first()
    if own or not booking.sponsor_id:
        return own
    same = {"booking__sponsor": booking.sponsor_id, "booking__contact_email__iexact": booking.contact_email}
    return BillingDetails.objects.filter(**same).exclude(booking__contact_email="").order_by("-pk").first()


def standing(booking: Booking) -> Invoice | None:
    """The invoice of a booking that was not taken back with a credit note for all of it."""
    return booking.invoices.standing().first()


def credited(invoice: Invoice) -> Decimal:
    return tax.total([{"gross": each.gross} for each in invoice.corrections.all()], "gross")


def missing(booking: Booking) -> str:
    """Why a booking that is to be billed is not yet, in words; empty where nothing is missing."""
    if booking.invoices.exists():
        return "Its invoice was taken back. Issue a new one on its account."
    return _lacking(booking)


def _lacking(booking: Booking) -> str:
    if seller() is None:
        return "Say first under “Invoicing” in whose name is billed."
    if details_of(booking) is None:
        return "The sponsor has not said yet to whom the invoice is made out."
    return ""


def waiting() -> QuerySet[Booking]:
    """Bookings that owe something by what was sold, and have no invoice that stands: the oldest first."""
    billed = Exists(Invoice.objects.filter(booking=OuterRef("pk")).standing())
    sold = Q(state=Booking.State.CONFIRMED, price__gt=0)
    owing = Q(state=Booking.State.CANCELLED, cancellation__price__gt=F("cancellation__credit"))
    return Booking.objects.filter(sold | owing).exclude(billed).order_by("pk")


def issue_waiting() -> int:
    """Bill what had to wait for who sells or to whom, each by itself; return how many. What was taken back, staff bill anew."""
    rows = waiting().filter(invoices=None).select_related("sponsor", "cancellation")
    return len(batches.each((row for row in rows if not missing(row)), issue_for))


def issue_for(booking: Booking, *, by: User | None = None) -> Invoice | None:
    """Bill a confirmed booking, or what a cancelled one owes, and mail the invoice. To do it twice is once.

    None where nothing is to be billed, or where it has to wait for who sells or to whom (see `missing`): it is issued
    once that is said. To be called in the transaction that confirms.
    """
    with transaction.atomic():
        lock(booking, "sponsor")
        if already := standing(booking):
            return already
        from_, to = seller(), details_for(booking)
        lines = lines_of(booking)
        if from_ is None or to is None or not lines or booking.invoices.exists():
            return None
        return _issue(booking, from_, to, lines, tax.treatment(from_, to), by=by)


def issue_again(booking: Booking, *, by: User | None) -> Invoice:
    """Bill once more what was billed to a wrong address and taken back. Raises TransitionRefused."""
    with transaction.atomic():
        lock(booking, "sponsor")
        from_, to, lines = seller(), details_for(booking), lines_of(booking)
        if standing(booking):
            raise TransitionRefused("It is billed already: take that invoice back first, with a credit note.")
        if from_ is None or to is None or not lines:
            raise TransitionRefused(_lacking(booking) or "There is nothing to bill.")
        return _issue(booking, from_, to, lines, tax.treatment(from_, to), by=by)


def lines_of(booking: Booking) -> list[Line]:
    """What a booking is billed for: its package, less what was credited when it was cancelled."""
    cancelled = getattr(booking, "cancellation", None)
    if booking.state != Booking.State.CONFIRMED and not cancelled:
        return []
    price = cancelled.price if cancelled else booking.price
    days = _days(booking)
    lines = [Line(f"Advertising package {booking.snapshot['name']}, booking {booking.pk}", price, days)]
    if cancelled and cancelled.credit:
        gone = [each["text"] for each in cancelled.lines]
        lines.append(Line("Cancelled before it ran, credited by our terms", -cancelled.credit, gone))
    return lines if price - (cancelled.credit if cancelled else ZERO) > 0 else []


def _days(booking: Booking) -> list[str]:
    """What ran or will run, by placement, with its days."""
    by_kind: dict[str, list[date]] = {}
    for claim in booking.claims.filter(state__in=LIVE).select_related("unit__kind").order_by("unit__date"):
        by_kind.setdefault(claim.unit.kind.name, []).append(claim.unit.date)
    return [f"{name}: {_in_words(days)}" for name, days in sorted(by_kind.items())]


def _in_words(days: Sequence[date]) -> str:
    """Days in a row as a span: `1–5 Mar 2026 (5), 9 Mar 2026`."""
    runs: list[list[date]] = []
    for day in sorted(set(days)):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        f"{run[0]:%-d %b %Y}" if len(run) == 1 else f"{run[0]:%-d %b} – {run[-1]:%-d %b %Y} ({len(run)} days)"
        for run in runs
    )


def credit(invoice: Invoice, *, reason: str, by: User | None = None, lines: Sequence[Line] | None = None) -> Invoice:
    """Correct an invoice by a credit note: for some lines, or for all that is left of it. Raises TransitionRefused."""
    with transaction.atomic():
        lock(invoice.booking)
        left = invoice.gross - credited(invoice)
        if invoice.is_credit:
            raise TransitionRefused("A credit note corrects an invoice, no other credit note.")
        if left <= 0:
            raise TransitionRefused(f"{invoice} is credited in full already.")
        by_rule = Treatment(invoice.tax_kind, invoice.tax_rate, invoice.tax_words)
        rows = tax.taxed(lines, by_rule, invoice.currency) if lines else []
        if not rows or tax.total(rows, "gross") >= left or _takes_all(invoice, rows):
            rows = _all_that_is_left(invoice, rows, reason)
        return _write(
            Invoice.Kind.CREDIT,
            invoice.booking,
            rows,
            corrects=invoice,
            reason=one_line(reason)[:300],
            issued_by=by,
            prefix=str(invoice.seller.get("prefix", "")),
            **_copied(invoice),
        )


def _takes_all(invoice: Invoice, rows: list[dict[str, Any]]) -> bool:
    return invoice.net - _credited_net(invoice) <= tax.total(rows, "net")


def _credited_net(invoice: Invoice) -> Decimal:
    return sum((each.net for each in invoice.corrections.all()), ZERO)


def _all_that_is_left(invoice: Invoice, rows: list[dict[str, Any]], reason: str) -> list[dict[str, Any]]:
    """One line to the cent, whatever the rounding of those before it came to."""
    net = invoice.net - _credited_net(invoice)
    gross = invoice.gross - credited(invoice)
    text = "; ".join(row["text"] for row in rows) or f"{invoice.number} taken back: {one_line(reason)}"[:300]
    details = [detail for row in rows for detail in row["details"]]
    return [{"text": text, "details": details, "net": str(net), "tax": str(gross - net), "gross": str(gross)}]


def _copied(invoice: Invoice) -> dict[str, Any]:
    """What a credit note says as its invoice did."""
    names = (
        "seller", "buyer_name", "buyer_address", "buyer_country", "buyer_vat_id", "buyer_email", "buyer_reference",
        "currency", "tax_rate", "tax_kind", "tax_words", "supplied_from", "supplied_until",
    )  # fmt: skip
    return {name: getattr(invoice, name) for name in names} | {"days": 0}


def _issue(
    booking: Booking, from_: Seller, to: BillingDetails, lines: Sequence[Line], by_rule: Treatment, *, by: User | None
) -> Invoice:
    billed = booking.claims.filter(state__in=LIVE).aggregate(first=Min("unit__date"), last=Max("unit__date"))
    today = timezone.now().date()
    return _write(
        Invoice.Kind.INVOICE,
        booking,
        tax.taxed(lines, by_rule, booking.currency),
        prefix=from_.prefix,
        days=from_.payment_days,
        supplied_from=billed["first"] or today,
        supplied_until=billed["last"] or today,
        seller=_printed(from_),
        buyer_name=to.name,
        buyer_address=to.address,
        buyer_country=to.country,
        buyer_vat_id=to.vat_id,
        buyer_email=to.email,
        buyer_reference=to.reference,
        currency=booking.currency,
        tax_rate=by_rule.rate,
        tax_kind=by_rule.kind,
        tax_words=by_rule.words,
        issued_by=by,
    )


def _write(
    kind: Invoice.Kind, booking: Booking, rows: list[dict[str, Any]], *, prefix: str, days: int, **fields: Any
) -> Invoice:
    """Take the next number and write the document, its entry in the ledger, and the mail. The number is the last thing to
    be waited for, since whoever has it keeps all others waiting."""
    now = timezone.now()
    series = f"{prefix}{now:%Y}-"
    serial = InvoiceSeries.take(series)
    invoice = Invoice.objects.create(
        kind=kind,
        booking=booking,
        series=series,
        serial=serial,
        number=f"{series}{serial:05d}",
        issued_on=now.date(),
        due_on=now.date() + timedelta(days=days),
        issued_at=now,
        lines=rows,
        net=tax.total(rows, "net"),
        tax=tax.total(rows, "tax"),
        gross=tax.total(rows, "gross"),
        **fields,
    )
    ledger.bill(invoice)
    mail(invoice)
    return invoice


def _printed(from_: Seller) -> dict[str, str]:
    """The seller as an invoice keeps it."""
    names = ("name", "address", "email", "vat_id", "tax_number", "iban", "bic", "bank", "prefix")
    kept = {name: str(getattr(from_, name)) for name in names}
    holder = from_.account_holder or from_.name
    return kept | {"country": from_.country, "account_holder": holder, "site": settings.SITE_URL}


def mail(invoice: Invoice) -> None:
    """Send a document to where its buyer wants invoices. The worker makes the mail, and the PDF in it."""
    if to := invoice.buyer_email or invoice.booking.contact_email:
        outbox.queue_letters(MAIL, [outbox.Letter(to, invoice.pk, timezone.now())])
