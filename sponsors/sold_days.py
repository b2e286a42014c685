"""Days on which a newsletter's ads are sold and none of its briefings leaves: asked before one is approved."""

from collections.abc import Collection
from datetime import date, timedelta

from sponsors.models import Claim, RunUnit

BEFORE, AFTER = timedelta(days=3), timedelta(days=6)


def missed_near(channel: str, day: date, *, dated: Collection[date]) -> list[tuple[date, list[str]]]:
    """Sold days around a briefing's day that no briefing has (`dated` are the days of the others), each with its sponsors.

    A day that has passed is named always. One to come is named where the briefing's own day is none on which ads are sold
    at all: then it may be meant for that one.
    """
    claims = Claim.objects.filter(
        state=Claim.State.CONFIRMED,
        booking__state="confirmed",
        unit__channel=channel,
        unit__date__range=(day - BEFORE, day + AFTER),
    ).exclude(unit__date__in={day, *dated})
    found: dict[date, list[str]] = {}
    for claim in claims.select_related("booking__sponsor", "unit").order_by("unit__date", "pk"):
        found.setdefault(claim.unit.date, []).append(claim.booking.name)
    if any(sold > day for sold in found) and RunUnit.objects.filter(channel=channel, date=day).exists():
        found = {sold: names for sold, names in found.items() if sold < day}
    return [(sold, list(dict.fromkeys(names))) for sold, names in found.items()]
