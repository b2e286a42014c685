"""Reports to sponsors: views and clicks of a booking, counted or rejected by reason; the sum is always what came."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Count, DateField, Min
from django.db.models.functions import Cast
from django.utils import timezone

from core.lib import clock
from sponsors import audience, reach
from sponsors.audience import Rate
from sponsors.models import AdDay, AdEvent, Adjustment, AdRollUp, Booking, Claim, CreativeVersion
from sponsors.reach import PlaceReach
from sponsors.verdicts import COUNTED_FOR

COUNTED, BY_HAND = "counted", "corrected by hand: "
COLUMNS = ("placement", "ad day", "figure", "on", "verdict", "number")
VIEWS, CLICKS, DELIVERED = "views", "clicks", "messages delivered"
ByDay = Counter[tuple[date, str]]  # by day and reason


@dataclass(frozen=True, slots=True)
class Line:
    """One claim: where and when its ad ran, what came and what of it counts."""

    claim: Claim
    clicks: ByDay
    views: ByDay
    delivered: int | None
    adjustments: Sequence[Adjustment] = ()
    version: CreativeVersion | None = None
    usual: PlaceReach | None = None

    @property
    def raw(self) -> int:
        return sum(self.clicks.values())

    @property
    def valid(self) -> int:
        return _valid(self.clicks)

    @property
    def rejected(self) -> int:
        return self.raw - self.valid

    @property
    def raw_views(self) -> int:
        return sum(self.views.values())

    @property
    def valid_views(self) -> int:
        return _valid(self.views)

    @property
    def rejected_views(self) -> int:
        return self.raw_views - self.valid_views

    def adjusted(self, kind: str) -> int:
        return sum(each.number for each in self.adjustments if each.kind == kind)

    @property
    def final_clicks(self) -> int:
        """The clicks that count, with what was corrected by hand."""
        return self.valid + self.adjusted(Adjustment.Kind.CLICK)

    @property
    def final_views(self) -> int:
        """The views that count, with what was corrected by hand."""
        return self.valid_views + self.adjusted(Adjustment.Kind.VIEW)

    @property
    def seen(self) -> int | None:
        """What clicks are a share of: messages delivered, or views on a page."""
        return self.delivered if self.claim.unit.is_mail else self.final_views

    @property
    def rate(self) -> Rate | None:
        """Counted clicks per message delivered, or per view; None where there is nothing to be a share of."""
        return Rate(self.final_clicks, self.seen) if self.seen and 0 <= self.final_clicks <= self.seen else None

    @property
    def guarantee(self) -> str:
        """What was guaranteed of its place, in words; empty where nothing was."""
        items = self.claim.booking.snapshot["items"]
        item = next((item for item in items if item["kind"] == self.claim.unit.kind_id and item.get("guarantee")), None)
        unit = "messages delivered" if self.claim.unit.is_mail else "views"
        runs = self.claim.booking.snapshot.get("runs", 1)
        number = item["quantity"] * runs if item else 0
        days = f"{number} days" if number > 1 else "one day"
        return f"{item['guarantee'] * runs:,} {unit} on {days}" if item else ""

    @property
    def image_url(self) -> str:
        return default_storage.url(self.version.image.name) if self.version and self.version.image else ""

    @property
    def days(self) -> list[tuple[date, int, int]]:
        """Each day on which something came that counts, with its views and clicks."""
        days = {day for day, reason in (*self.views, *self.clicks) if not reason}
        return [(day, self.views[day, ""], self.clicks[day, ""]) for day in sorted(days)]


def _valid(numbers: ByDay) -> int:
    return sum(number for (_, reason), number in numbers.items() if not reason)


@dataclass(frozen=True, slots=True)
class Report:
    """All claims of a booking and their sums."""

    booking: Booking
    lines: list[Line]
    as_of: datetime = field(compare=False)
    views_as_of: datetime | None = field(default=None, compare=False)
    version: int | None = None  # of a final report, as it was frozen

    @property
    def raw(self) -> int:
        return sum(line.raw for line in self.lines)

    @property
    def valid(self) -> int:
        return sum(line.valid for line in self.lines)

    @property
    def rejected(self) -> int:
        return sum(line.rejected for line in self.lines)

    @property
    def raw_views(self) -> int:
        return sum(line.raw_views for line in self.lines)

    @property
    def valid_views(self) -> int:
        return sum(line.valid_views for line in self.lines)

    @property
    def final_clicks(self) -> int:
        return sum(line.final_clicks for line in self.lines)

    @property
    def final_views(self) -> int:
        return sum(line.final_views for line in self.lines)

    @property
    def adjustments(self) -> list[Adjustment]:
        return [each for line in self.lines for each in line.adjustments]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why clicks were rejected, the most frequent first: (words, how many)."""
        return _why(line.clicks for line in self.lines)

    @property
    def view_reasons(self) -> list[tuple[str, int]]:
        """Why views were rejected, likewise."""
        return _why(line.views for line in self.lines)

    @property
    def ends_on(self) -> date | None:
        """The last day on which anything of it counts."""
        return max(line.claim.unit.date for line in self.lines) + COUNTED_FOR if self.lines else None

    @property
    def missing(self) -> list[str]:
        """What may still change, in words."""
        if self.version:
            return []
        today, said = clock.utc_day(), []
        if to_come := sum(line.claim.unit.date > today for line in self.lines):
            said.append(f"{to_come} of its {len(self.lines)} ad days {'is' if to_come == 1 else 'are'} still to come.")
        if any(line.claim.unit.is_mail for line in self.lines):
            said.append(
                "A click in a mail is judged a minute and a half after it came, and is in the figures within five minutes."
            )
        if any(not line.claim.unit.is_mail for line in self.lines):
            until = (
                f"those until {self.views_as_of:%H:%M} UTC on {self.views_as_of:%-d %b} are in"
                if self.views_as_of
                else "none are yet"
            )
            said.append(f"Views are added up every few minutes: {until}.")
        if self.ends_on and self.ends_on >= today:
            said.append(
                f"Clicks count until {self.ends_on:%-d %b %Y}, and may be judged anew until then. Two days later this report is"
                " frozen."
            )
        return said


def _why(numbers: Iterator[ByDay]) -> list[tuple[str, int]]:
    total: Counter[str] = Counter()
    called = dict(AdEvent.Reason.choices)
    for each in numbers:
        for (_, reason), number in each.items():
            if reason:
                total[reason] += number
    return [(str(called.get(reason, reason)), n) for reason, n in total.most_common()]


def reason_called(words: str) -> str:
    """The reason that a row of a report names in words; empty for what counts."""
    return next(
        (str(reason) for reason in AdEvent.Reason if reason and reason.label == words),
        words if words != COUNTED else "",
    )


def report_on(booking: Booking) -> Report:
    """Add up a booking's events as they stand now."""
    claims = list(booking.claims.filter(state=Claim.State.CONFIRMED).select_related("unit__kind", "booking"))
    clicks, views = _clicks_of(claims), _views_of(claims)
    mail = {claim.unit.channel for claim in claims if claim.unit.is_mail}
    sends = audience.sends_on(mail, since=min(claim.unit.date for claim in claims)) if mail else {}
    by_hand: dict[int, list[Adjustment]] = {}
    for each in Adjustment.objects.filter(claim__in=claims).order_by("id") if claims else ():
        by_hand.setdefault(each.claim_id, []).append(each)
    versions = _versions_of(booking) if claims else []
    usual = reach.of_kinds({claim.unit.kind for claim in claims}) if claims else {}
    lines = [
        Line(
            claim=claim,
            clicks=clicks.get(claim.pk, Counter()),
            views=views.get(claim.pk, Counter()),
            delivered=send.delivered if (send := sends.get((claim.unit.channel, claim.unit.date))) else None,
            adjustments=tuple(by_hand.get(claim.pk, ())),
            version=_ran(versions, claim),
            usual=usual.get(claim.unit.kind_id),
        )
        for claim in claims
    ]
    return Report(booking, lines, timezone.now(), _views_as_of(claims))


def _clicks_of(claims: Sequence[Claim]) -> dict[int, ByDay]:
    found: dict[int, ByDay] = {}
    events = AdEvent.objects.filter(claim__in=claims).order_by().annotate(on=Cast("at", DateField()))
    for claim, day, reason, number in events.values_list("claim", "on", "reason").annotate(n=Count("id")):
        found.setdefault(claim, Counter())[day, reason] += number
    return found


def _views_of(claims: Sequence[Claim]) -> dict[int, ByDay]:
    found: dict[int, ByDay] = {}
    for claim, day, reason, number in AdDay.objects.filter(claim__in=claims).values_list(
        "claim", "day", "reason", "number"
    ):
        found.setdefault(claim, Counter())[day, reason] += number
    return found


def _views_as_of(claims: Sequence[Claim]) -> datetime | None:
    """Until when the views are in: the last count of the last of its days that has begun."""
    today = clock.utc_day()
    days = [claim.unit.date for claim in claims if not claim.unit.is_mail and claim.unit.date <= today]
    if not days:
        return None
    last = AdRollUp.objects.filter(day__in=[max(days), min(max(days) + timedelta(days=1), today)])
    found: datetime | None = last.aggregate(first=Min("rolled_up_at"))["first"]
    return found


def _versions_of(booking: Booking) -> list[CreativeVersion]:
    versions = CreativeVersion.objects.approved().filter(creative__booking=booking).select_related("creative")
    return list(versions.order_by("-number"))


def _ran(versions: Sequence[CreativeVersion], claim: Claim) -> CreativeVersion | None:
    """The version that ran on a day, as sponsors.placements chooses it."""
    unit = claim.unit
    mine = (v for v in versions if v.creative.kind_id == unit.kind_id and v.submitted_at <= unit.cutoff_at)
    return next(mine, None)


# As a table, from which anybody can add it up again


def rows(report: Report) -> Iterator[list[Any]]:
    """Each number of a report, once: what came on a day, counted or rejected for one reason, and what was corrected."""
    for line in report.lines:
        unit = line.claim.unit
        about = [unit.kind.name, unit.date.isoformat()]
        for figure, numbers in ((VIEWS, line.views), (CLICKS, line.clicks)):
            for (day, reason), number in sorted(numbers.items()):
                words = AdEvent.Reason(reason).label if reason else COUNTED
                yield [*about, figure, day.isoformat(), words, number]
        if line.delivered is not None:
            yield [*about, DELIVERED, unit.date.isoformat(), COUNTED, line.delivered]
        for each in line.adjustments:
            on = each.at.astimezone(UTC).date().isoformat()
            yield [*about, f"{each.kind}s", on, f"{BY_HAND}{each.words}", each.number]
