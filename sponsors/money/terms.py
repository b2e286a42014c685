"""What a cancelled booking is credited: nothing for what ran, all or a part for what was ahead, by how long."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from core.models import User
from sponsors.models import Booking, Cancellation, Claim, Invoice
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
    invoice = invoices.standing(booking)
    if invoice is None:
        invoices.issue_for(booking, by=by)
        return None
    if not credit:
        return None
    return invoices.credit(invoice, reason=reason or "Cancelled", by=by, lines=lines)


def credited_lines(booking: Booking, given_back: Collection[Claim], now: datetime | None = None) -> list[Line]:
    """What each place given back is credited with: its share of the price, in full or in part by the days until it."""
    now = now or timezone.now()
    sold = booking.claims.filter(state=Claim.State.CONFIRMED).select_related("unit__kind").order_by("unit__date", "id")
    claims = list(sold)
    gone = {claim.pk for claim in given_back}
    if not claims:
        return []
    parts = zip(claims, shares(booking.price, len(claims), booking.currency), strict=True)
    return [_line(claim, share, now, booking.currency) for claim, share in parts if claim.pk in gone]


def _line(claim: Claim, share: Decimal, now: datetime, currency: str) -> Line:
    seller = invoices.seller()
    ahead = (claim.unit.date - now.date()).days
    percent = Decimal(100) if seller is None or ahead >= seller.credit_days else seller.late_credit
    text = f"{claim.unit.kind.name}, {claim.unit.date:%-d %b %Y}"
    return Line(
        text if percent == 100 else f"{text} ({percent.normalize():f} %)", rounded(share * percent / 100, currency)
    )
