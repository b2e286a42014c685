"""The figures of one newsletter over a period, as its page and its CSV files show them: read from what was counted by day."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from itertools import groupby
from typing import Any

from django.db.models import DateField, Model, QuerySet, Sum
from django.db.models.functions import TruncMonth

from core.lib import clock
from newsletter.models import BriefingCohort, BriefingDomain, ListDay, Newsletter

SHOWN_BY_DAY, SHOWN_BY_WEEK = 31, 190  # days of a period; a longer one is shown by month
SOURCES_SHOWN = 10
DOMAINS_SHOWN = 30
Row = tuple[object, ...]


@dataclass(slots=True)
class Span:
    """A day, week or month of a list: what it brought, and how many were on the list when it began."""

    first: date
    name: str
    label: str  # short, for a chart's axis
    joined: int = 0
    left: int = 0
    stopped: int = 0
    asked: int = 0
    confirmed: int = 0
    joined_from: Counter[str] = field(default_factory=Counter)
    size: int = 0

    def add(self, row: ListDay) -> None:
        self.joined, self.left, self.stopped = (
            self.joined + row.joined,
            self.left + row.left,
            self.stopped + row.stopped,
        )
        self.asked, self.confirmed = self.asked + row.asked, self.confirmed + row.confirmed
        self.joined_from.update(row.joined_from)

    @property
    def lost(self) -> int:
        return self.left + self.stopped

    @property
    def net(self) -> int:
        return self.joined - self.lost

    @property
    def ends_with(self) -> int:
        return self.size + self.net

    @property
    def churn(self) -> float | None:
        """What the list lost, in per cent of those who were on it when the span began."""
        return share(self.lost, self.size)

    @property
    def confirmed_rate(self) -> float | None:
        return share(self.confirmed, self.asked)


def share(part: int, whole: int) -> float | None:
    """A share in per cent; None of nothing."""
    return part / whole * 100 if whole > 0 else None


def spans(newsletter: Newsletter, since: date, until: date, by: str = "") -> list[Span]:
    """The days, weeks or months between two days, both included, in their order.

    Sizes go back from the newest that was measured, by what each day brought.
    """
    rows = list(ListDay.objects.filter(newsletter=newsletter, day__gte=since).order_by("day"))
    days = {row.day: row for row in rows}
    step = by or _step((until - since).days + 1)
    found = [
        _span(first, step, days, group)
        for first, group in groupby(_every_day(since, until), key=lambda day: _first_of(day, step))
    ]
    size = next((row.size for row in reversed(rows) if row.size is not None), 0)
    later = sum(row.joined - row.left - row.stopped for row in rows if row.day > until)
    for span in reversed(found):
        size = span.size = max(0, size - later - span.net)
        later = 0
    return found


def _span(first: date, step: str, days: dict[date, ListDay], group: Iterable[date]) -> Span:
    name = first.strftime("%b %Y" if step == "month" else "%-d %b")
    span = Span(first, name, first.strftime("%b" if first.month > 1 else "%Y") if step == "month" else name)
    for day in group:
        if row := days.get(day):
            span.add(row)
    return span


def _step(days: int) -> str:
    return "day" if days <= SHOWN_BY_DAY else "week" if days <= SHOWN_BY_WEEK else "month"


def _every_day(since: date, until: date) -> Iterable[date]:
    return (since + timedelta(days=number) for number in range((until - since).days + 1))


def _first_of(day: date, step: str) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def first_day(newsletter: Newsletter) -> date | None:
    """The first day of which anything is known; None before the list was counted."""
    return ListDay.objects.filter(newsletter=newsletter).order_by("day").values_list("day", flat=True).first()


def sources(found: Sequence[Span]) -> list[tuple[str, int]]:
    """Where those who joined came from, the most first; what is beyond the longest few is one."""
    counts = sum((span.joined_from for span in found), Counter[str]()).most_common()
    rest = sum(number for _, number in counts[SOURCES_SHOWN:])
    return counts[:SOURCES_SHOWN] + ([("other sources", rest)] if rest else [])


@dataclass(frozen=True, slots=True)
class Domain:
    name: str
    mailed: int
    bounced: int
    complained: int

    @property
    def bounce_rate(self) -> float | None:
        return share(self.bounced, self.mailed)

    @property
    def complaint_rate(self) -> float | None:
        return share(self.complained, self.mailed)


def _of_briefings(model: type[Model], newsletter: Newsletter, since: date, until: date) -> QuerySet[Any]:
    """What was counted of the briefings that went out between two days, both included."""
    first, end = clock.start_of(since), clock.start_of(until + timedelta(days=1))
    own = {"briefing__newsletter": newsletter, "briefing__sent_at__gte": first, "briefing__sent_at__lt": end}
    return model._default_manager.filter(**own)


def domains(newsletter: Newsletter, since: date, until: date) -> list[Domain]:
    """How mail to each domain fared in the briefings of a period, those with the most mail first."""
    rows = (
        _of_briefings(BriefingDomain, newsletter, since, until)
        .values("domain")
        .annotate(all_mailed=Sum("mailed"), all_bounced=Sum("bounced"), all_complained=Sum("complained"))
        .filter(all_mailed__gt=0)
        .order_by("-all_mailed", "domain")
    )
    return [
        Domain(row["domain"] or "other domains", row["all_mailed"], row["all_bounced"], row["all_complained"])
        for row in rows
    ]


@dataclass(slots=True)
class Cohort:
    """Those who joined in one month: how many messages they got in each month, and of how many a person opened or clicked."""

    month: date | None
    delivered: Counter[date] = field(default_factory=Counter)
    engaged: Counter[date] = field(default_factory=Counter)
    clicked: Counter[date] = field(default_factory=Counter)

    @property
    def label(self) -> str:
        return self.month.strftime("%b %Y") if self.month else "not known"

    @property
    def engaged_rate(self) -> float | None:
        return share(self.engaged.total(), self.delivered.total())

    @property
    def clicked_rate(self) -> float | None:
        return share(self.clicked.total(), self.delivered.total())

    def engaged_in(self, month: date) -> float | None:
        return share(self.engaged[month], self.delivered[month])


def cohorts(newsletter: Newsletter, since: date, until: date) -> list[Cohort]:
    """The cohorts that briefings of a period went to, the newest first, and last those of whom no month is known."""
    found: dict[date | None, Cohort] = {}
    rows = (
        _of_briefings(BriefingCohort, newsletter, since, until)
        .annotate(sent_in=TruncMonth("briefing__sent_at", output_field=DateField(), tzinfo=UTC))
        .values_list("month", "sent_in")
        .annotate(Sum("delivered"), Sum("engaged"), Sum("clicked"))
        .order_by()
    )
    for joined, sent_in, delivered, engaged, clicked in rows:
        cohort = found.setdefault(joined, Cohort(joined))
        cohort.delivered[sent_in], cohort.engaged[sent_in], cohort.clicked[sent_in] = delivered, engaged, clicked
    return sorted(found.values(), key=lambda cohort: cohort.month or date.min, reverse=True)


def growth_table(newsletter: Newsletter, since: date, until: date) -> list[Row]:
    """Each day of a period, with a column for each source."""
    found = spans(newsletter, since, until, by="day")
    names = [name for name, _ in sum((span.joined_from for span in found), Counter[str]()).most_common()]
    head: Row = ("day", "joined", "left", "stopped", "net", "subscribers", "asked", "confirmed of asked")
    return [
        (*head, *(f"joined: {name}" for name in names)),
        *(
            (
                *(span.first, span.joined, span.left, span.stopped, span.net, span.ends_with, span.asked),
                *(span.confirmed, *(span.joined_from[name] for name in names)),
            )
            for span in found
        ),
    ]


def domain_table(newsletter: Newsletter, since: date, until: date) -> list[Row]:
    found = domains(newsletter, since, until)
    return [
        ("domain", "mailed", "bounced", "complained"),
        *((row.name, row.mailed, row.bounced, row.complained) for row in found),
    ]


def cohort_table(newsletter: Newsletter, since: date, until: date) -> list[Row]:
    """Each month of joining with each month of briefings."""
    return [
        ("joined in", "briefings of", "delivered", "opened or clicked", "clicked"),
        *(
            (cohort.label, month, cohort.delivered[month], cohort.engaged[month], cohort.clicked[month])
            for cohort in cohorts(newsletter, since, until)
            for month in sorted(cohort.delivered)
        ),
    ]


TABLES: dict[str, Callable[[Newsletter, date, date], list[Row]]] = {
    "growth": growth_table,
    "domains": domain_table,
    "cohorts": cohort_table,
}
