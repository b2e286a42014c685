"""How many ballots came in on each day, as the signed heads of the ledger have it. No time is kept of any ballot."""

from bisect import bisect_left
from datetime import UTC, date, timedelta

from core.lib import charts
from surveys.models import LedgerEntry, Season, TreeHead

DAYS_DRAWN = 120


def by_day(season: Season) -> list[tuple[date, int]]:
    """Ballots sealed on each day of UTC, from the first to the last, one for each voter and category.

    Held, void and superseded ones are among them. A ballot is sealed with a batch, minutes to hours after it was confirmed.
    """
    found: dict[date, int] = {}
    before = 0
    others = _other_leaves(season)
    for signed_at, size in TreeHead.objects.filter(season=season).order_by("size").values_list("signed_at", "size"):
        ballots = size - bisect_left(others, size)
        day = signed_at.astimezone(UTC).date()
        found[day] = found.get(day, 0) + ballots - before
        before = ballots
    days = sorted(day for day, number in found.items() if number)
    if not days:
        return []
    span = (days[-1] - days[0]).days
    return [(day, found.get(day, 0)) for day in (days[0] + timedelta(days=each) for each in range(span + 1))]


def chart_of(season: Season) -> charts.LineChart | None:
    """The days as a line; None where there are not two to compare, as with ballots that were imported at once."""
    days = by_day(season)
    if not 2 <= len(days) <= DAYS_DRAWN:
        return None
    return charts.line_chart([(f"{day:%-d %b}", number) for day, number in days])


def _other_leaves(season: Season) -> list[int]:
    """Where what is no ballot stands, in order: statements, and decisions on write-ins, which no head counts as such."""
    entries = LedgerEntry.objects.filter(season=season).exclude(kind=LedgerEntry.Kind.CAST)
    return list(entries.order_by("index").values_list("index", flat=True))
