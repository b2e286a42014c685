"""What past packages brought: named where the sponsor agreed, otherwise as medians of several sponsors' bookings."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from django.db.models import Max, Q

from core.lib import clock
from sponsors import reach
from sponsors.audience import Rate
from sponsors.models import Booking, Claim, Package
from sponsors.verdicts import COUNTED_FOR

LOOK_BACK = timedelta(days=365)
ENOUGH = 3  # sponsors, so that a median tells of none of them
NAMED = 6


@dataclass(frozen=True, slots=True)
class Result:
    """What one booking brought whose counting is over: the figures of its report, which are frozen then."""

    booking: Booking
    clicks: int
    days: int
    mail_clicks: int
    delivered: int
    page_clicks: int
    views: int

    @property
    def rates(self) -> list[tuple[str, Rate]]:
        return _rates([self])


@dataclass(frozen=True, slots=True)
class Median:
    """Of all bookings of a package that was on sale, with or without consent: of three different sponsors at least."""

    package: str
    bookings: int
    sponsors: int
    clicks: float
    days: float
    rates: list[tuple[str, Rate]]

    @property
    def clicks_text(self) -> str:
        return f"{self.clicks:,.0f}" if self.clicks == int(self.clicks) else f"{self.clicks:,.1f}"


@dataclass(frozen=True, slots=True)
class Past:
    named: list[Result]
    medians: list[Median]
    since_date: date


def past() -> Past:
    """The results of bookings of the last year whose counting is over, so that no verdict on a click changes any more."""
    today = clock.utc_day()
    over = Q(claims__state="confirmed")
    bookings = Booking.objects.filter(state="confirmed").select_related("sponsor")
    ended = bookings.annotate(last=Max("claims__unit__date", filter=over)).filter(
        last__lt=today - COUNTED_FOR, last__gte=today - LOOK_BACK
    )
    results = _results({booking.pk: booking for booking in ended})
    by_package: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.booking.snapshot["tier"] != Package.Tier.CUSTOM:  # what was made for one buyer tells of that one
            by_package[result.booking.snapshot["name"]].append(result)
    named = [result for result in results if result.booking.shows_results and result.clicks]
    medians = [_median(name, each) for name, each in by_package.items() if _sponsors(each) >= ENOUGH]
    return Past(named[:NAMED], medians, today - LOOK_BACK)


def _results(bookings: dict[int, Booking]) -> list[Result]:
    if not bookings:
        return []
    claims = list(Claim.objects.filter(booking__in=bookings, state="confirmed").select_related("unit"))
    clicks, seen = reach.final_clicks(claims), reach.seen(claims)
    days, sums = Counter[int](), Counter[tuple[int, str]]()
    for claim in claims:
        key, n = claim.booking_id, clicks.get(claim.pk, 0)
        days[key] += 1
        sums[key, "clicks"] += n
        if claim.pk in seen:  # clicks are a share only of what was counted, too
            by_mail = claim.unit.is_mail
            sums[key, "mail_clicks" if by_mail else "page_clicks"] += n
            sums[key, "delivered" if by_mail else "views"] += seen[claim.pk]
    names = ("clicks", "mail_clicks", "delivered", "page_clicks", "views")
    found = [Result(row, days=days[pk], **{name: sums[pk, name] for name in names}) for pk, row in bookings.items()]
    return sorted(found, key=lambda result: result.booking.pk, reverse=True)


def _rates(results: list[Result]) -> list[tuple[str, Rate]]:
    """Counted clicks per message delivered and per view, each with what it is a share of, in words."""
    parts = (
        ("messages delivered", sum(r.mail_clicks for r in results), sum(r.delivered for r in results)),
        ("views on pages", sum(r.page_clicks for r in results), sum(r.views for r in results)),
    )
    return [(of, Rate(clicks, total)) for of, clicks, total in parts if 0 < clicks <= total]


def _sponsors(results: list[Result]) -> int:
    return len({each.booking.sponsor_id for each in results})


def _median(name: str, results: list[Result]) -> Median:
    return Median(
        package=name,
        bookings=len(results),
        sponsors=_sponsors(results),
        clicks=median(each.clicks for each in results),
        days=median(each.days for each in results),
        rates=_rates(results),
    )
