"""What each place for ads has reached: medians with their intervals over the last ad days, on pages as in mails."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import comb
from statistics import median

from django.db.models import Count, Q, Sum

from core.lib import clock
from sponsors import audience
from sponsors.audience import LOOK_BACK, Rate, Send
from sponsors.models import AdDay, AdEvent, Adjustment, Claim, PlacementKind

ENOUGH_DAYS = 6  # fewer have no interval of a median at 95 %


@dataclass(frozen=True, slots=True)
class PlaceReach:
    """What one ad got in a place on a day: views, or messages delivered; and the clicks of all days together."""

    kind: PlacementKind
    days: int
    median: float | None
    interval: tuple[float, float] | None
    clicks: Rate | None

    @property
    def unit(self) -> str:
        return "messages delivered" if self.kind.is_mail else "views"

    @property
    def median_text(self) -> str:
        return "–" if self.median is None else f"{self.median:,.0f} {self.unit}"

    @property
    def interval_text(self) -> str:
        return f"{self.interval[0]:,.0f}–{self.interval[1]:,.0f}" if self.interval else "too few days"

    @property
    def clicks_text(self) -> str:
        if not self.clicks:
            return "–"
        return f"{self.clicks.percent} ({self.clicks.range_text}) of {self.clicks.total:,} {self.unit}"


def of_kinds(kinds: Iterable[PlacementKind], sends: Iterable[Send] | None = None) -> dict[int, PlaceReach]:
    """The reach of each place, by its key, over the last 90 days (LOOK_BACK); `sends` are theirs, if they are known."""
    kinds, today = list(kinds), clock.utc_day()
    past = Claim.objects.filter(unit__date__gte=today - LOOK_BACK, unit__date__lt=today, state="confirmed")
    claims = list(past.filter(unit__kind__in=kinds, booking__state="confirmed").select_related("unit"))
    views, clicks = counted_views(claims), counted_clicks(claims)
    if sends is None:
        by_mail = {claim.unit.channel for claim in claims if claim.unit.is_mail}
        known = audience.sends_on(by_mail, since=today - LOOK_BACK)
    else:
        known = {(send.channel, send.day): send for send in sends}
    return {kind.pk: _reach(kind, claims, views, clicks, known) for kind in kinds}


def _reach(
    kind: PlacementKind,
    claims: Sequence[Claim],
    views: Mapping[int, int],
    clicks: Mapping[int, int],
    sends: Mapping[tuple[str, date], Send],
) -> PlaceReach:
    mine = [claim for claim in claims if claim.unit.kind_id == kind.pk]
    if kind.is_mail:
        numbers = {c.pk: sends[key].delivered for c in mine if (key := (c.unit.channel, c.unit.date)) in sends}
    else:
        numbers = {claim.pk: views[claim.pk] for claim in mine if claim.pk in views}
    total, came = sum(numbers.values()), sum(clicks.get(pk, 0) for pk in numbers)
    return PlaceReach(
        kind=kind,
        days=len(numbers),
        median=median(numbers.values()) if numbers else None,
        interval=median_interval(numbers.values()),
        clicks=Rate(came, total) if total and came <= total else None,
    )


def counted_views(claims: Collection[Claim]) -> dict[int, int]:
    """The views that count of some claims, of those that have any."""
    if not claims:
        return {}
    rows = AdDay.objects.filter(claim__in=claims, reason="").values_list("claim").annotate(n=Sum("number"))
    return dict(rows.order_by())


def counted_clicks(claims: Collection[Claim]) -> dict[int, int]:
    """The clicks that count of some claims, of those that have any."""
    if not claims:
        return {}
    rows = AdEvent.objects.filter(Q(claim__in=claims), reason="").values_list("claim").annotate(n=Count("id"))
    return dict(rows.order_by())


def seen(claims: Collection[Claim]) -> dict[int, int]:
    """What clicks are a share of, of each claim that has any: messages delivered, or counted and corrected views."""
    pages, mails = [c for c in claims if not c.unit.is_mail], [c for c in claims if c.unit.is_mail]
    days = [claim.unit.date for claim in mails]
    sends = audience.sends_on({claim.unit.channel for claim in mails}, since=min(days)) if days else {}
    sent = {c.pk: sends[key].delivered for c in mails if (key := (c.unit.channel, c.unit.date)) in sends}
    return sent | _corrected(counted_views(pages), pages, Adjustment.Kind.VIEW)


def final_clicks(claims: Collection[Claim]) -> dict[int, int]:
    """The clicks that count of some claims, with what was corrected by hand."""
    return _corrected(counted_clicks(claims), claims, Adjustment.Kind.CLICK)


def _corrected(numbers: dict[int, int], claims: Collection[Claim], kind: str) -> dict[int, int]:
    found = Counter(numbers)
    for claim, number in Adjustment.objects.filter(claim__in=claims, kind=kind).values_list("claim", "number"):
        found[claim] += number
    return dict(found)


def median_interval(numbers: Iterable[float]) -> tuple[float, float] | None:
    """An interval in which the median lies at 95 % at least, of the numbers in order; None if they are too few."""
    ordered = sorted(numbers)
    n, below, rank = len(ordered), 0.0, 0
    while n and below + comb(n, rank) / 2**n <= 0.025:
        below += comb(n, rank) / 2**n
        rank += 1
    return (ordered[rank - 1], ordered[n - rank]) if rank and n >= ENOUGH_DAYS else None
