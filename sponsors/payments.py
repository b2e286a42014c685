"""Money that comes in or goes back. What is paid after a hold ended gets its days again, or counts as credit: never both."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, lock
from sponsors import booking as bookings
from sponsors import emails
from sponsors.models import Booking, Payment
from sponsors.money import ledger
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

    Where the hold has run out, its days are sold to the payer after all if they are still free, at the price quoted; else
    the payment stays as credit, and the managers are told. Raises TransitionRefused.
    """
    with transaction.atomic():
        lock(booking, "package")
        if reference and (known := Payment.objects.filter(provider_ref=reference).first()):
            return known
        payment = _recorded(
            booking, amount, Payment.Kind.PAYMENT,
            currency=currency, paid_on=paid_on, method=method, provider_ref=reference, note=note, recorded_by=by,
        )  # fmt: skip
        if booking.state in (Booking.State.CONFIRMED, Booking.State.CANCELLED):
            kept = booking.state == Booking.State.CONFIRMED
        else:
            kept = booking.is_live() or _sold_after_all(booking, by)
        if not kept:
            emails.paid_for_nothing(booking, payment)
        return payment


def _sold_after_all(booking: Booking, by: User | None) -> bool:
    """Whether the days of a hold that ran out are the payer's by now."""
    try:
        with transaction.atomic():
            bookings.confirm(booking, by=by, price=booking.price)
    except TransitionRefused:
        booking.refresh_from_db()
        return False
    return True


def refund(
    booking: Booking,
    amount: Decimal,
    *,
    paid_on: date,
    method: str = Payment.Method.BANK,
    note: str = "",
    by: User | None,
) -> Payment:
    """Record what was paid back of a booking's credit. Raises TransitionRefused, where we owe less than that."""
    with transaction.atomic():
        lock(booking)
        credit = -ledger.balance(booking)
        if amount > credit:
            raise TransitionRefused(
                f"Only {booking.currency} {max(credit, ZERO)} is credited, so no more can be paid back."
            )
        return _recorded(
            booking, amount, Payment.Kind.REFUND,
            currency=booking.currency, paid_on=paid_on, method=method, note=note, recorded_by=by,
        )  # fmt: skip


def transfer(source: Booking, target: Booking, amount: Decimal, *, by: User | None) -> None:
    """Use the credit of one booking for another. Raises TransitionRefused."""
    with transaction.atomic():
        for booking in sorted((source, target), key=lambda each: each.pk):
            lock(booking)
        if source.pk == target.pk or source.currency != target.currency:
            raise TransitionRefused("Credit goes to another booking in the same currency.")
        if not ZERO < amount <= -ledger.balance(source):
            raise TransitionRefused("There is not as much credit.")
        ledger.adjust(source, amount, reason=f"Used for booking {target.pk}", by=by)
        ledger.adjust(target, -amount, reason=f"Credit of booking {source.pk}", by=by)


def _recorded(booking: Booking, amount: Decimal, kind: str, *, currency: str, note: str, **fields: object) -> Payment:
    if currency != booking.currency:
        raise TransitionRefused(f"This booking is in {booking.currency}, and the payment in {currency}.")
    if amount <= 0 or amount != rounded(amount, currency):
        raise TransitionRefused("An amount is more than nothing, and has no fractions of a coin.")
    row = Payment.objects.create(
        booking=booking, amount=amount, kind=kind, currency=currency, note=one_line(note)[:300], **fields
    )
    ledger.enter(row)
    return row
