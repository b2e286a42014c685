"""What past packages brought: named where the sponsor agreed, otherwise as medians of several bookings."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from django.db.models import Count, Max, Min, Q

from core.lib import clock
from sponsors import audience
from sponsors.audience import Rate
from sponsors.models import AdEvent, Booking, Claim

LOOK_BACK = timedelta(days=365)
ENOUGH = 3  # bookings, so that a median tells of none of them
NAMED = 6


@dataclass(frozen=True, slots=True)
class Result:
    """What one booking brought, all of whose days are over."""

    booking: Booking
    clicks: int
    days: int
    mail_clicks: int
    delivered: int

    @property
    def rate(self) -> Rate | None:
        """Counted clicks from briefings per message delivered."""
        return Rate(self.mail_clicks, self.delivered) if 0 < self.mail_clicks <= self.delivered else None


@dataclass(frozen=True, slots=True)
class Median:
    """Of all bookings of a package, with or without consent."""

    package: str
    bookings: int
    clicks: float
    days: float
    rate: Rate | None

    @property
    def clicks_text(self) -> str:
        return f"{self.clicks:,.0f}" if self.clicks == int(self.clicks) else f"{self.clicks:,.1f}"


@dataclass(frozen=True, slots=True)
class Past:
    named: list[Result]
    medians: list[Median]
    since_date: date


def past() -> Past:
    """The results of bookings of the last year whose last day is over."""
    today = clock.utc_day()
    over = Q(claims__state="confirmed")
    bookings = Booking.objects.filter(state="confirmed").select_related("sponsor")
    bookings = bookings.annotate(
        first=Min("claims__unit__date", filter=over), last=Max("claims__unit__date", filter=over)
    ).filter(last__lt=today, last__gte=today - LOOK_BACK)
    results = _results({booking.pk: booking for booking in bookings}, since=today - LOOK_BACK)
    by_package: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_package[result.booking.snapshot["name"]].append(result)
    named = [result for result in results if result.booking.shows_results and result.clicks]
    medians = [_median(name, each) for name, each in by_package.items() if len(each) >= ENOUGH]
    return Past(named[:NAMED], medians, today - LOOK_BACK)


def _results(bookings: dict[int, Booking], *, since: date) -> list[Result]:
    if not bookings:
        return []
    claims = list(Claim.objects.filter(booking__in=bookings, state="confirmed").select_related("unit"))
    counted = AdEvent.objects.filter(claim__in=[claim.pk for claim in claims], reason="").order_by()
    clicks = dict(counted.values_list("claim").annotate(n=Count("pk")))
    channels = {claim.unit.channel for claim in claims if claim.unit.channel.startswith("mail:")}
    sends = audience.sends_on(channels, since=since)
    days, total, by_mail, delivered = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    for claim in claims:
        key, n = claim.booking_id, clicks.get(claim.pk, 0)
        days[key] += 1
        total[key] += n
        if send := sends.get((claim.unit.channel, claim.unit.date)):
            by_mail[key] += n
            delivered[key] += send.delivered
    found = [Result(row, total[pk], days[pk], by_mail[pk], delivered[pk]) for pk, row in bookings.items()]
    return sorted(found, key=lambda result: result.booking.pk, reverse=True)


def _median(name: str, results: list[Result]) -> Median:
    clicks, delivered = sum(each.mail_clicks for each in results), sum(each.delivered for each in results)
    return Median(
        package=name,
        bookings=len(results),
        clicks=median(each.clicks for each in results),
        days=median(each.days for each in results),
        rate=Rate(clicks, delivered) if 0 < clicks <= delivered else None,
    )
