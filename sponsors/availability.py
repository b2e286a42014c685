"""Which units are on sale and free, and on which days a package can start. Computed from claims, never a counter."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from core import pagecache
from core.lib import clock
from sponsors.models import Blackout, Booking, Claim, Package, PlacementKind, RunUnit, Sponsor
from sponsors.querysets import RunUnitQuerySet

WINDOW = timedelta(days=120)
EVERY_DAY = frozenset(range(7))
FEW = 2  # places left are few


@dataclass(frozen=True, slots=True)
class Series:
    """How many runs of a package, and how many weeks from one start to the next; with 0, one follows on the other."""

    runs: int = 1
    weeks: int = 0


ONE_RUN = Series()


@dataclass(frozen=True)
class Calendar:
    """For each kind (by id), the days it runs on in order, each with the number of its free units.

    `most` says how many ads can share a channel on the fullest of these days.
    """

    days: Mapping[int, Sequence[tuple[date, int]]]
    most: Mapping[str, int]

    def series_of(self, package: Package, series: Series, start: date) -> dict[tuple[date, int], int] | None:
        """The days of several runs of a package, as of one: None if too few are open, or if one would run into the next."""
        if not series.weeks:
            return self.run_of(package, start, times=series.runs)
        found: dict[tuple[date, int], int] = {}
        for number in range(series.runs):
            run = self.run_of(package, start + timedelta(weeks=series.weeks * number))
            if run is None or run.keys() & found.keys():
                return None
            found |= run
        return dict(sorted(found.items()))

    def run_of(self, package: Package, start: date, times: int = 1) -> dict[tuple[date, int], int] | None:
        """The days a package takes when it starts on a day: (day, kind id) -> free units, in the order of claiming.

        Each item takes the first days from the start on which its kind runs. None if too few are open.
        """
        run: dict[tuple[date, int], int] = {}
        for item in package.items.all():
            days = self.days.get(item.kind_id, [])
            first = bisect_left(days, (start, -1))
            if len(days) - first < item.quantity * times:
                return None
            run |= {(day, item.kind_id): free for day, free in days[first : first + item.quantity * times]}
        return dict(sorted(run.items()))

    def last_day(self, package: Package, start: date, series: Series = ONE_RUN) -> date:
        """The last day of the runs from a day on which the package can start."""
        return max(day for day, _ in self.series_of(package, series, start) or {(start, 0): 0})

    def starts(self, package: Package, *, limit: int, after: date = date.min, series: Series = ONE_RUN) -> list[date]:
        """The next days on which the whole package can start, and all its runs."""
        kinds = [item.kind_id for item in package.items.all()]
        found: list[date] = []
        for day in sorted({day for kind in kinds for day, _ in self.days.get(kind, []) if day >= after}):
            if len(found) == limit:
                break
            if (run := self.series_of(package, series, day)) and all(run.values()):
                found.append(day)
        return found


def calendar(packages: Iterable[Package], *, now: datetime | None = None, category: str = "") -> Calendar:
    """The coming days of all kinds in these packages, in one query.

    For a buyer of a category, days that another of it has to itself have nothing free.
    """
    now = now or timezone.now()
    kinds = {item.kind_id for package in packages for item in package.items.all()}
    ahead = _ahead(kinds, now).filter(cutoff_at__gt=now, off_sale="").exclude(pk__in=RunUnit.objects.blacked_out())
    shut = shut_to(category, now)
    counted = ahead.with_taken(now).order_by("date").values_list("kind_id", "channel", "date")
    days: dict[int, list[tuple[date, int]]] = defaultdict(list)
    places: Counter[tuple[str, date]] = Counter()
    for kind_id, channel, day, free, number in counted.annotate(
        free=Count("pk", filter=Q(is_taken=False)), number=Count("pk")
    ):
        days[kind_id].append((day, 0 if (kind_id, channel, day) in shut else free))
        places[channel, day] += number
    most: dict[str, int] = {}
    for (channel, _), number in places.items():
        most[channel] = max(number, most.get(channel, 0))
    return Calendar(days, most)


def _ahead(kinds: Iterable[int], now: datetime) -> RunUnitQuerySet:
    return RunUnit.objects.filter(kind__in=kinds, date__gte=now.date(), date__lt=now.date() + WINDOW)


def shut_to(category: str, now: datetime, *, but: Booking | None = None) -> set[tuple[int, str, date]]:
    """The (kind, channel, day)s that another of a category has to itself; another than one booking, if that is named."""
    if category in ("", Sponsor.Category.OTHER):
        return set()
    held = Q(state="held", booking__hold_until__gt=now)
    claims = Claim.objects.filter(held | Q(state="confirmed"), unit__date__gte=now.date()).exclude(booking=but)
    issues = claims.filter(exclusive__endswith=f" {category}").values_list("unit__channel", "unit__date")
    kinds = PlacementKind.objects.filter(is_exclusive=True).values_list("pk", flat=True)
    return {(kind, channel, day) for channel, day in issues for kind in kinds}


@dataclass(frozen=True, slots=True)
class Cell:
    """How a kind of place stands on a day: free, few, taken, none (no ads that day), closed or unsold; and in words."""

    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A day, with a cell for each kind of place. `until` is the last day of the run that can start on it."""

    day: date
    cells: Sequence[Cell]
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """The days of a month on which something is on sale."""

    first: date
    rows: Sequence[Row]

    @property
    def starts(self) -> int:
        return sum(row.until is not None for row in self.rows)


@dataclass(frozen=True, slots=True)
class Table:
    """The coming days of kinds of places, month by month."""

    kinds: Sequence[PlacementKind]
    months: Sequence[Month]

    @property
    def has_start(self) -> bool:
        """Whether there is a day on which to start."""
        return any(month.starts for month in self.months)


def table(
    packages: Iterable[Package],
    *,
    start_of: Package | None = None,
    series: Series = ONE_RUN,
    category: str = "",
    now: datetime | None = None,
) -> Table:
    """How each place of these packages stands on each day in view, and on which days one of them can start."""
    now = now or timezone.now()
    kinds = list({item.kind_id: item.kind for package in packages for item in package.items.all()}.values())
    cells = _cells(kinds, now, category)
    runs = calendar([start_of], now=now, category=category) if start_of else None
    starts: dict[date, date] = {}
    if runs and start_of:
        days = runs.starts(start_of, limit=WINDOW.days, series=series)
        starts = {day: runs.last_day(start_of, day, series) for day in days}
    rows = [
        Row(day, [cells.get((kind.pk, day), Cell("unsold", "–")) for kind in kinds], starts.get(day))
        for day in sorted({day for _, day in cells})
    ]
    return Table(kinds, [Month(first, list(days)) for first, days in groupby(rows, lambda row: row.day.replace(day=1))])


def _cells(kinds: Iterable[PlacementKind], now: datetime, category: str) -> dict[tuple[int, date], Cell]:
    ahead = _ahead([kind.pk for kind in kinds], now).with_taken(now).order_by("date")
    off = ~Q(off_sale="") | Q(pk__in=RunUnit.objects.blacked_out().values("pk"))
    numbers = ahead.values_list("kind_id", "channel", "date").annotate(
        places=Count("pk"),
        off=Count("pk", filter=off),
        late=Count("pk", filter=Q(cutoff_at__lte=now)),
        free=Count("pk", filter=Q(is_taken=False, cutoff_at__gt=now) & ~off),
    )
    shut, words = shut_to(category, now), _blackout_words(now)
    return {
        (kind, day): Cell("taken", "taken in your category")
        if (kind, channel, day) in shut
        else _cell(places, off, late, free, words.get((channel, day)) or words.get(("", day)) or "no ads")
        for kind, channel, day, places, off, late, free in numbers
    }


def _cell(places: int, off: int, late: int, free: int, blackout: str) -> Cell:
    if off == places:
        return Cell("none", blackout)
    if free == 0:
        return Cell("closed", "closed") if late == places else Cell("taken", "taken")
    return Cell("few", f"{free} left") if free <= FEW and free < places else Cell("free", "free")


def _blackout_words(now: datetime) -> dict[tuple[str, date], str]:
    first, last = now.date(), now.date() + WINDOW
    return {
        (row.channel, day): row.words
        for row in Blackout.objects.filter(last__gte=first, first__lt=last)
        for day in (first + timedelta(days=number) for number in range(WINDOW.days))
        if row.first <= day <= row.last
    }


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
