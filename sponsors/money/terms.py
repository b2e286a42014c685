"""What a cancelled booking is credited: nothing for what ran, all or a part for what was ahead, by how long."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from core.models import User
from sponsors.models import Booking, Cancellation, Claim, Invoice, MakeGood
from sponsors.money import invoices
from sponsors.money.amounts import ZERO, rounded, shares
from sponsors.money.tax import Line


def refund(
    booking: Booking,
    *,
    given_back: Collection[Claim],
    by: User | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Invoice | None:
    """Settle a confirmed booking that is being cancelled; return its credit note, if there is something to credit.

    To be called in the transaction that cancels, before the claims that are given back are released: the price is shared
    out over all that the booking has. Where it was never billed, what it still owes is billed now.
    """
    now = now or timezone.now()
    lines = credited_lines(booking, given_back, now)
    credit = sum((line.price for line in lines), ZERO)
    Cancellation.objects.create(
        booking=booking,
        price=booking.price,
        credit=credit,
        lines=[{"text": line.text, "amount": str(line.price)} for line in lines],
        at=now,
    )
    still_owed = MakeGood.objects.filter(claim__booking=booking, state=MakeGood.State.OPEN)
    still_owed.update(state=MakeGood.State.WAIVED, decided_at=now, decided_by=by)  # it is credited instead
    invoice = invoices.standing(booking)
    if invoice is None:
        invoices.issue_for(booking, by=by)
        return None
    if not credit:
        return None
    return invoices.credit(invoice, reason=reason or "Cancelled", by=by, lines=lines)


def credited_lines(booking: Booking, given_back: Collection[Claim], now: datetime | None = None) -> list[Line]:
    """What each place given back is credited with: its share of the price, in full or in part by the days until it.

    The price is shared out over what was sold. A day given for one that was missed stands for that one, and a day that is
    still owed is credited in full.
    """
    now = now or timezone.now()
    confirmed = booking.claims.filter(state=Claim.State.CONFIRMED).select_related("unit__kind")
    claims = list(confirmed.order_by("unit__date", "id"))
    gone = {claim.pk for claim in given_back}
    owed = MakeGood.objects.filter(claim__booking=booking, state__in=[MakeGood.State.OPEN, MakeGood.State.GIVEN])
    missed = {row.given_id: row.claim_id for row in owed if row.given_id}
    sold = [claim for claim in claims if claim.pk not in missed]
    share_of = dict(zip((claim.pk for claim in sold), _shares(booking, len(sold)), strict=True))
    lines = [_line(claim, share_of[claim.pk], now, booking.currency) for claim in sold if claim.pk in gone]
    open_ones = {row.claim_id for row in owed if row.given_id is None}
    for claim in claims:
        share = share_of.get(_stands_for(claim.pk, missed), ZERO)
        if claim.pk in missed and claim.pk in gone:
            lines.append(_line(claim, share, now, booking.currency))
        elif claim.pk in open_ones and claim.pk not in gone:
            lines.append(Line(f"{claim.unit.kind.name}, {claim.unit.date:%-d %b %Y} (still owed)", share))
    return lines


def _shares(booking: Booking, places: int) -> list[Decimal]:
    return shares(booking.price, places, booking.currency) if places else []


def _stands_for(claim: int, missed: dict[int, int]) -> int:
    """The place that was sold, for which a day was given, or a day for that day."""
    while claim in missed:
        claim = missed[claim]
    return claim


def _line(claim: Claim, share: Decimal, now: datetime, currency: str) -> Line:
    seller = invoices.seller()
    ahead = (claim.unit.date - now.date()).days
    percent = Decimal(100) if seller is None or ahead >= seller.credit_days else seller.late_credit
    text = f"{claim.unit.kind.name}, {claim.unit.date:%-d %b %Y}"
    return Line(
        text if percent == 100 else f"{text} ({percent.normalize():f} %)", rounded(share * percent / 100, currency)
    )
