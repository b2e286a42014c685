"""What a briefing came to, from the figures that were counted of it: totals, hours, links, and how others of its list did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any

from django.db.models import Q, Sum

from newsletter.models import Briefing, BriefingFigures, BriefingHour, TrackedLink
from sponsors.audience import Rate

HOUR = timedelta(hours=1)
COMPARED_WITH = 10  # the last ones
FEWEST = 3  # a median of fewer says nothing
COMPARED_FOR = 168  # hours: hardly anybody reads a briefing after a week
BY_HOUR_FOR = 48  # an older briefing is shown by day
COUNTS = ("accepted", "returned", "complained", "opened", "opened_by_machines", "clicked", "left")
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a briefing came to, all in all or up to some hour. Opens, clicks and departures are people, each once."""

    accepted: int = 0
    returned: int = 0
    complained: int = 0
    opened: int = 0
    opened_by_machines: int = 0
    clicked: int = 0
    left: int = 0

    @property
    def delivered(self) -> int:
        """Accepted by mail servers, less what came back or was reported as spam: what rates of reading are of."""
        return max(0, self.accepted - self.lost)

    @property
    def lost(self) -> int:
        """Accepted by mail servers, and not delivered all the same."""
        return self.returned + self.complained

    def rate(self, name: str) -> Rate | None:
        """A figure's share: of what was accepted for what came back or was reported, else of what was delivered."""
        total = self.accepted if name in ("returned", "complained") else self.delivered
        count = getattr(self, name)
        return Rate(min(count, total), total) if total else None


@dataclass(frozen=True, slots=True)
class Span:
    """An hour or a day of a briefing."""

    begins_at: datetime
    totals: Totals


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a briefing with the people who clicked it, of those it was delivered to."""

    link: TrackedLink
    people: int
    hits: int
    delivered: int
    clicks: int  # on any link, each person once for each

    @property
    def rate(self) -> Rate | None:
        return Rate(min(self.people, self.delivered), self.delivered) if self.delivered else None

    @property
    def share(self) -> Rate | None:
        return Rate(self.people, self.clicks) if self.clicks else None


@dataclass(frozen=True, slots=True)
class Compared:
    """One rate beside the median of others at the same age."""

    name: str
    own: Rate
    median: float

    @property
    def verdict(self) -> str:
        """Whether it differs from the median by more than chance makes (its interval at 95 %)."""
        low, high = self.own.interval
        return "higher" if low > self.median else "lower" if high < self.median else "no difference beyond chance"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A briefing beside the last ones of its newsletter, all in their first hours."""

    hours: int
    others: int
    rows: Sequence[Compared]

    @property
    def is_enough(self) -> bool:
        return self.others >= FEWEST and self.hours > 0

    @property
    def age(self) -> str:
        days, hours = divmod(self.hours, 24)
        if days and not hours:
            return f"{days} days" if days > 1 else "day"
        return f"{self.hours} hours" if self.hours > 1 else "hour"


class Report:
    """The report of a briefing that readers see."""

    def __init__(self, briefing: Briefing):
        self.briefing = briefing
        self.figures = BriefingFigures.objects.filter(briefing=briefing).first()
        self.hours = list(briefing.hours.order_by("hour"))

    @cached_property
    def totals(self) -> Totals:
        return _added(self.hours)

    @property
    def age(self) -> int:
        """The whole hours for which it has been counted."""
        first = self.briefing.first_sent_at
        if not self.figures or not first:
            return 0
        return max(0, int((self.figures.counted_at - first) / HOUR))

    @property
    def is_by_hour(self) -> bool:
        return self.age < BY_HOUR_FOR

    def spans(self) -> list[Span]:
        """Its hours without gaps; its days, counted from its first mail, once it is older."""
        first = self.briefing.first_sent_at
        if first is None or not self.hours:
            return []
        size = 1 if self.is_by_hour else 24
        last = min(max(self.age, self.hours[-1].hour), BriefingHour.LAST) // size
        parts: dict[int, list[BriefingHour]] = {number: [] for number in range(last + 1)}
        for row in self.hours:
            parts[row.hour // size].append(row)
        return [Span(first + number * size * HOUR, _added(rows)) for number, rows in parts.items()]

    @cached_property
    def links(self) -> list[Link]:
        rows = self.briefing.links.exclude(number=0).select_related("item", "figures").order_by("number")
        known = [(row, getattr(row, "figures", None)) for row in rows]
        clicks = sum(figures.people for _, figures in known if figures)
        of = (self.totals.delivered, clicks)
        return [
            Link(row, figures.people if figures else 0, figures.hits if figures else 0, *of) for row, figures in known
        ]

    @cached_property
    def comparison(self) -> Comparison:
        """Beside the last ones sent before it to the whole list (digests beside digests), at its age of now."""
        hours = min(self.age, COMPARED_FOR)
        was_counted = self.briefing.was_counted
        like = _like(self.briefing).counted() if was_counted else _like(self.briefing)
        before = like.filter(first_sent_at__lt=self.briefing.first_sent_at)
        others = before.order_by("-first_sent_at")[:COMPARED_WITH]
        sums = _sums([briefing.pk for briefing in others], hours)
        own = replace(_added(row for row in self.hours if row.hour < hours), accepted=self.totals.accepted)
        if len(sums) < FEWEST or not hours or not own.delivered:
            return Comparison(hours, len(sums), [])
        names = ["returned", "complained", "left"]
        if was_counted:
            names = ["opened", "clicked", *names]
        return Comparison(hours, len(sums), [row for name in names if (row := _compared(name, own, sums))])


def _like(briefing: Briefing) -> Any:
    found = briefing.newsletter.briefings.sent().filter(segment=None, delivered__gt=0)
    return found.exclude(digest_at=None) if briefing.is_digest else found.filter(digest_at=None)


def _added(rows: Any) -> Totals:
    rows = list(rows)
    return Totals(**{name: sum(getattr(row, name) for row in rows) for name in COUNTS})


def _sums(briefings: Sequence[int], hours: int) -> list[Totals]:
    """What these briefings came to in their first hours, of all that was accepted, in one query."""
    sums: Any = {f"all_{name}": Sum(name, filter=Q(hour__lt=hours)) for name in COUNTS} | {
        "all_accepted": Sum("accepted")
    }
    rows: Any = BriefingHour.objects.filter(briefing__in=briefings).order_by().values("briefing").annotate(**sums)
    found = [Totals(**{name: row[f"all_{name}"] or 0 for name in COUNTS}) for row in rows]
    return [totals for totals in found if totals.delivered]


def totals_of(briefings: Sequence[int]) -> dict[int, Totals]:
    """What briefings came to, by their keys, in one query; those of which nothing was counted are left out."""
    rows: Any = BriefingHour.objects.filter(briefing__in=briefings).order_by().values("briefing")
    rows = rows.annotate(**{f"all_{name}": Sum(name) for name in COUNTS})
    return {row["briefing"]: Totals(**{name: row[f"all_{name}"] for name in COUNTS}) for row in rows}


def _compared(name: str, own: Totals, others: Sequence[Totals]) -> Compared | None:
    rate = own.rate(name)
    known = [found.value for totals in others if (found := totals.rate(name))]
    return Compared(name, rate, median(known)) if rate and known else None


def totals_table(report: Report) -> list[Row]:
    """Each figure with what it is a share of."""
    totals = report.totals
    rows: list[Row] = [("figure", "number", "of", "share")]
    rows += [("accepted", totals.accepted, "", ""), ("delivered", totals.delivered, "", "")]
    for name in COUNTS[1:]:
        rate = totals.rate(name)
        rows.append((name.replace("_", " "), getattr(totals, name), rate.total if rate else "", share_of(rate)))
    return [*rows, ("not counted", report.figures.rejected if report.figures else 0, "", "")]


def hours_table(report: Report) -> list[Row]:
    """Each hour in which something happened."""
    first = report.briefing.first_sent_at
    head: Row = ("hour", "begins at", *(name.replace("_", " ") for name in COUNTS))
    if first is None:
        return [head]
    rows = ((row.hour, (first + row.hour * HOUR).isoformat(timespec="seconds")) for row in report.hours)
    figures = (tuple(getattr(row, name) for name in COUNTS) for row in report.hours)
    return [head, *((*when, *numbers) for when, numbers in zip(rows, figures, strict=True))]


def links_table(report: Report) -> list[Row]:
    """Each link, with people and all requests."""
    head: Row = ("number", "heading", "address", "people", "delivered", "share", "all requests")
    return [head, *(_link_row(row) for row in report.links)]


def _link_row(row: Link) -> Row:
    heading = row.link.item.heading if row.link.item else ""
    return row.link.number, heading, row.link.url, row.people, row.delivered, share_of(row.rate), row.hits


def share_of(rate: Rate | None) -> object:
    """A rate as a file has it, from 0 to 1; empty where there is none."""
    return round(rate.value, 6) if rate else ""


TABLES: dict[str, Callable[[Report], list[Row]]] = {
    "figures": totals_table,
    "hours": hours_table,
    "links": links_table,
}
