"""Money that comes in or goes back. What pays a hold in full gets its days, or counts as credit: never both."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from core.lib import clock
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, lock
from sponsors import booking as bookings
from sponsors import emails
from sponsors.models import Booking, Payment
from sponsors.models.catalogue import money
from sponsors.money import invoices, ledger, tax
from sponsors.money.amounts import ZERO, rounded


def receive(
    booking: Booking,
    amount: Decimal,
    *,
    currency: str,
    paid_on: date,
    method: str = Payment.Method.BANK,
    reference: str = "",
    note: str = "",
    by: User | None = None,
) -> Payment:
    """Record what came in for a booking, in full or in part. The same reference twice is one payment.

    What pays all of a hold sells its days, also after it ran out, if they are still free, at the price quoted. Whatever
    else comes before it is owed stays as credit, and the managers are told. Raises TransitionRefused.
    """
    with transaction.atomic():
        lock(booking, "package")
        facts = {"currency": currency, "paid_on": paid_on, "method": method, "note": note, "recorded_by": by}
        payment, is_new = _once(booking, amount, Payment.Kind.PAYMENT, reference, facts)
        if not is_new:
            return payment
        if booking.state in bookings.OPEN_TO_SALE and -ledger.balance(booking) >= to_pay(booking):
            _sell(booking, by)
        emails.money_moved(booking, payment, standing=_standing(booking))
        if ledger.balance(booking) < ZERO:
            _tell_of_credit(booking, payment)
        return payment


def _once(booking: Booking, amount: Decimal, kind: str, reference: str, facts: dict[str, Any]) -> tuple[Payment, bool]:
    """The payment of a reference, and whether it is new. Raises TransitionRefused where the reference or the currency is another."""
    if facts["currency"] != booking.currency:
        raise TransitionRefused(f"This booking is in {booking.currency}, and the payment in {facts['currency']}.")
    if reference and (known := Payment.objects.filter(provider_ref=reference).first()):
        return _the_same(known, booking, amount, kind), False
    try:
        with transaction.atomic():
            return _recorded(booking, amount, kind, provider_ref=reference, **facts), True
    except IntegrityError:  # it came for another booking in this moment
        if not reference or not (known := Payment.objects.filter(provider_ref=reference).first()):
            raise
        return _the_same(known, booking, amount, kind), False


def _the_same(known: Payment, booking: Booking, amount: Decimal, kind: str) -> Payment:
    if (known.booking_id, known.amount, known.kind) != (booking.pk, amount, kind):
        raise TransitionRefused(
            f"This reference is that of another: {known} on {known.paid_on:%-d %b %Y}."
            " If this is a payment of its own, record it with another reference."
        )
    return known


def to_pay(booking: Booking) -> Decimal:
    """What the invoice of a booking that is not sold yet will come to, as far as it is known to whom it goes."""
    from_, to = invoices.seller(), invoices.details_of(booking)
    if from_ is None or to is None:
        return booking.price
    net, added = tax.treatment(from_, to).split(booking.price, booking.currency)
    return net + added


def _sell(booking: Booking, by: User | None) -> None:
    """Confirm what was paid; if it cannot be, it stays as it is."""
    try:
        with transaction.atomic():
            bookings.confirm(booking, by=by, price=booking.price)
    except TransitionRefused:
        booking.refresh_from_db()


def _tell_of_credit(booking: Booking, payment: Payment) -> None:
    """Tell the managers of a payment for which nothing, or less, is owed."""
    paid = -ledger.balance(booking)
    is_for_sale, credit = booking.state in bookings.OPEN_TO_SALE, money(paid, booking.currency)
    if not booking.is_live() and not (is_for_sale and paid < to_pay(booking)):
        emails.paid_for_nothing(booking, payment)
        return
    what = "That is not enough for its days, which are not sold yet" if is_for_sale else "That is more than is billed"
    if is_for_sale and paid >= to_pay(booking):
        what = "That is all it costs, and yet it could not be confirmed by itself"
    emails.letter(
        "paid_ahead_to_us",
        booking,
        subject=f"{booking.name} has {credit} of credit",
        heading=f"{booking.name} paid {payment.amount_text}",
        paragraphs=[
            f"{what}, so {credit} stays as credit. "
            + (
                "Confirm the booking, or pay it back." if is_for_sale else "Pay it back, or use it for another booking."
            ),
        ],
        buttons=[("The account", settings.SITE_URL + reverse("admin:sponsors_invoice_account", args=[booking.pk]))],
        to_us=True,
    )


def refund(
    booking: Booking,
    amount: Decimal,
    *,
    paid_on: date,
    method: str = Payment.Method.BANK,
    reference: str = "",
    note: str = "",
    by: User | None,
    is_gone: bool = False,
) -> Payment:
    """Record what was paid back of a booking's credit. Raises TransitionRefused, where we owe less than that.

    `is_gone`: it left without asking us, at a provider, so it is recorded in any case. Where it was no credit, it is owed
    again, and the managers are told.
    """
    with transaction.atomic():
        lock(booking)
        if reference and (known := Payment.objects.filter(provider_ref=reference).first()):
            return _the_same(known, booking, amount, Payment.Kind.REFUND)
        credit = -ledger.balance(booking)
        if amount > credit and not is_gone:
            raise TransitionRefused(
                f"Only {money(max(credit, ZERO), booking.currency)} is credited, so no more can be paid back. Credit an"
                " invoice first."
            )
        facts = {"currency": booking.currency, "paid_on": paid_on, "method": method, "note": note, "recorded_by": by}
        payment, is_new = _once(booking, amount, Payment.Kind.REFUND, reference, facts)
        if amount > credit:
            _tell_of_debt(booking, payment)
        elif is_new:
            emails.money_moved(booking, payment, standing=_standing(booking))
        return payment


def _standing(booking: Booking) -> str:
    """How an account stands, in words for the sponsor."""
    balance = ledger.balance(booking)
    if balance > ZERO:
        return f"{money(balance, booking.currency)} is still due."
    if balance == ZERO:
        return "Nothing is due any more."
    credit = f"You have {money(-balance, booking.currency)} of credit with us"
    return (
        f"{credit} until your booking is confirmed."
        if booking.is_live() and not booking.invoices.exists()
        else f"{credit}."
    )


def came_back(refund: Payment, amount: Decimal | None = None, *, paid_on: date, note: str) -> Payment:
    """Record that what went back is with us again, or so much of it. To do it twice is once. Raises TransitionRefused."""
    with transaction.atomic():
        lock(refund.booking)
        reference = f"{refund.provider_ref}{Payment.CAME_BACK}"
        facts = {"currency": refund.currency, "paid_on": paid_on, "method": refund.method, "note": note}
        amount = refund.amount if amount is None else amount
        payment, is_new = _once(refund.booking, amount, Payment.Kind.PAYMENT, reference, facts | {"recorded_by": None})
        if is_new and ledger.balance(refund.booking) < ZERO:
            _tell_of_credit(refund.booking, payment)
        return payment


def taken_back(booking: Booking, amount: Decimal, *, paid_on: date, reference: str, note: str) -> Payment:
    """Record what a buyer's bank took back, without asking us. To do it twice is once. Raises TransitionRefused."""
    with transaction.atomic():
        lock(booking)
        facts = {"currency": booking.currency, "paid_on": paid_on, "method": Payment.Method.CARD, "note": note}
        payment, _ = _once(booking, amount, Payment.Kind.REFUND, reference, facts | {"recorded_by": None})
        return payment


def _tell_of_debt(booking: Booking, payment: Payment) -> None:
    """Tell the managers of money that went back and was no credit."""
    owed = money(max(ledger.balance(booking), ZERO), booking.currency)
    emails.letter(
        "paid_back_to_us",
        booking,
        subject=f"{payment.amount_text} went back to {booking.name}",
        heading=f"{payment.amount_text} went back to {booking.name}",
        paragraphs=[
            f"It was paid back at the provider, and no credit note says so. {owed} is owed again by the invoice that stands.",
            "If that was meant, take the invoice back with a credit note; else ask for the amount again.",
            "Until then it counts as due, and reminders go out.",
        ],
        buttons=[("The account", settings.SITE_URL + reverse("admin:sponsors_invoice_account", args=[booking.pk]))],
        to_us=True,
    )


def may_take_credit_of(source: Booking) -> QuerySet[Booking]:
    """The bookings of the same sponsor, in the same currency, that owe something (`balance`)."""
    owed: Any = ledger.owed()
    owing = owed.filter(balance__gt=0, currency=source.currency, sponsor=source.sponsor_id).exclude(pk=source.pk)
    rows: QuerySet[Booking] = owing if source.sponsor_id else owing.none()
    return rows.select_related("sponsor")


def transfer(source: Booking, target: Booking, amount: Decimal, *, by: User | None) -> None:
    """Use the credit of one booking for what another owes. Raises TransitionRefused."""
    with transaction.atomic():
        for booking in sorted((source, target), key=lambda each: each.pk):
            lock(booking)
        if source.pk == target.pk or source.currency != target.currency:
            raise TransitionRefused("Credit goes to another booking in the same currency.")
        credit, owed = max(-ledger.balance(source), ZERO), max(ledger.balance(target), ZERO)
        if not ZERO < amount <= credit:
            raise TransitionRefused(f"There is not as much credit: {money(credit, source.currency)} can be used.")
        if amount > owed:
            raise TransitionRefused(f"{target} owes {money(owed, target.currency)}: use no more credit than that.")
        ledger.adjust(source, amount, reason=f"Used for booking {target.pk}", by=by)
        ledger.adjust(target, -amount, reason=f"Credit of booking {source.pk}", by=by)


def _recorded(
    booking: Booking, amount: Decimal, kind: str, *, currency: str, note: str, paid_on: date, **fields: Any
) -> Payment:
    if amount <= 0 or amount != rounded(amount, currency):
        raise TransitionRefused("An amount is more than nothing, and has no fractions of a coin.")
    if paid_on > clock.utc_day() + timedelta(days=1):  # where a bank is, it may be tomorrow already
        raise TransitionRefused("This day is still to come. A payment is recorded once it was made.")
    row = Payment.objects.create(
        booking=booking,
        amount=amount,
        kind=kind,
        currency=currency,
        note=one_line(note)[:300],
        paid_on=paid_on,
        **fields,
    )
    ledger.enter(row)
    return row
