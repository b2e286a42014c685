"""Which units are on sale and free, and on which days a package can start. Computed from claims, never a counter."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from core import pagecache
from core.lib import clock
from sponsors.models import Package, PlacementKind, RunUnit

WINDOW = timedelta(days=120)
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True)
class Calendar:
    """For each kind (by id), the days it runs on in order, each with the number of its free units.

    `most` says how many ads can share a channel on the fullest of these days.
    """

    days: Mapping[int, Sequence[tuple[date, int]]]
    most: Mapping[str, int]

    def run_of(self, package: Package, start: date) -> dict[tuple[date, int], int] | None:
        """The days a package takes when it starts on a day: (day, kind id) -> free units, in the order of claiming.

        Each item takes the first days from the start on which its kind runs. None if too few are open.
        """
        run: dict[tuple[date, int], int] = {}
        for item in package.items.all():
            days = self.days.get(item.kind_id, [])
            first = bisect_left(days, (start, -1))
            if len(days) - first < item.quantity:
                return None
            run |= {(day, item.kind_id): free for day, free in days[first : first + item.quantity]}
        return dict(sorted(run.items()))

    def last_day(self, package: Package, start: date) -> date:
        """The last day of the run from a day on which the package can start."""
        return max(day for day, _ in self.run_of(package, start) or {(start, 0): 0})

    def starts(self, package: Package, *, limit: int, after: date = date.min) -> list[date]:
        """The next days on which the whole package can start."""
        kinds = [item.kind_id for item in package.items.all()]
        found: list[date] = []
        for day in sorted({day for kind in kinds for day, _ in self.days.get(kind, []) if day >= after}):
            if len(found) == limit:
                break
            if (run := self.run_of(package, day)) and all(run.values()):
                found.append(day)
        return found


def calendar(packages: Iterable[Package], *, now: datetime | None = None) -> Calendar:
    """The coming days of all kinds in these packages, in one query."""
    now = now or timezone.now()
    kinds = {item.kind_id for package in packages for item in package.items.all()}
    ahead = RunUnit.objects.filter(
        kind__in=kinds, date__gte=now.date(), date__lt=now.date() + WINDOW, cutoff_at__gt=now, off_sale=""
    )
    counted = ahead.with_taken(now).order_by("date").values_list("kind_id", "channel", "date")
    days: dict[int, list[tuple[date, int]]] = defaultdict(list)
    places: Counter[tuple[str, date]] = Counter()
    for kind_id, channel, day, free, number in counted.annotate(
        free=Count("pk", filter=Q(is_taken=False)), number=Count("pk")
    ):
        days[kind_id].append((day, free))
        places[channel, day] += number
    most: dict[str, int] = {}
    for (channel, _), number in places.items():
        most[channel] = max(number, most.get(channel, 0))
    return Calendar(days, most)


def open_units(
    kind: PlacementKind, *, first: date, last: date, per_day: int = 1, weekdays: Iterable[int] = EVERY_DAY
) -> int:
    """Put units of a kind on sale for a run of days (0 is Monday); existing ones stay. Return how many are new.

    A unit put on sale after its usual cut-off (a late sale) takes creatives until its day is over.
    """
    weekdays = set(weekdays)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    units = [
        RunUnit(kind=kind, channel=kind.channel, date=day, ordinal=ordinal, cutoff_at=_cutoff(kind, day))
        for day in days
        if day.weekday() in weekdays
        for ordinal in range(1, per_day + 1)
    ]
    with transaction.atomic():
        before = RunUnit.objects.filter(kind=kind).count()
        RunUnit.objects.bulk_create(units, ignore_conflicts=True)
        pagecache.bump()
        return RunUnit.objects.filter(kind=kind).count() - before


def _cutoff(kind: PlacementKind, day: date) -> datetime:
    midnight = clock.start_of(day)
    usual = midnight - timedelta(hours=kind.cutoff_hours)
    return usual if usual > timezone.now() else midnight + timedelta(days=1)


def turn_day() -> int:
    """Update the phase of units whose day has come or gone, and have pages rendered again; return how many changed."""
    today = clock.utc_day()
    with transaction.atomic():
        turned = RunUnit.objects.filter(date=today, phase=RunUnit.Phase.AHEAD).update(phase=RunUnit.Phase.TODAY)
        turned += (
            RunUnit.objects.filter(date__lt=today).exclude(phase=RunUnit.Phase.PAST).update(phase=RunUnit.Phase.PAST)
        )
        if turned:
            pagecache.bump()
    return turned
