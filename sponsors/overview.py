"""The sponsorship manager's day on one page: what is asked for, to approve, due, sold and earned, in as many queries on any day."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.urls import reverse
from django.utils import timezone

from core.lib import charts, clock, months
from core.models import User
from sponsors import approval, under_delivery
from sponsors.models import Booking, Claim, Creative, CreativeVersion, Invoice, MakeGood, PlacementKind, RunUnit
from sponsors.models.catalogue import money
from sponsors.money import ledger

AHEAD = 28  # days of the calendar
SOON = timedelta(days=7)
BACK, ON = 11, 3  # months of the charts
RAN = timedelta(days=90)
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Due:
    """An amount that a sponsor owes: whose, how much, until when, and its page."""

    name: str
    amount: str
    due_date: date | None
    url: str
    is_late: bool = False


def dues(today: date | None = None) -> list[Due]:
    """What bookings owe, the first to be due on top: from the ledger, with the day of the invoice issued last."""
    today = today or clock.utc_day()
    invoices = Invoice.objects.filter(booking=OuterRef("pk"), kind=Invoice.Kind.INVOICE).order_by("-issued_at", "-id")
    owed: Any = ledger.owed()
    rows = owed.filter(balance__gt=0).annotate(due_on=Subquery(invoices.values("due_on")[:1]))
    return [
        Due(
            name=row.name,
            amount=money(row.balance, row.currency),
            due_date=row.due_on,
            url=reverse("admin:sponsors_booking_overview", args=[row.pk]),
            is_late=bool(row.due_on and row.due_on < today),
        )
        for row in rows.select_related("sponsor").order_by("due_on", "pk")
    ]


# Bookings on their way


@dataclass(frozen=True, slots=True)
class Stage:
    """Where bookings stand, how many there are, and what they are worth by currency."""

    name: str
    note: str
    count: int
    worth: str
    url: str


def pipeline(now: datetime | None = None) -> list[Stage]:
    """Bookings by what they wait for."""
    now = now or timezone.now()
    live = Q(state="held", hold_until__gt=now)
    ahead = Exists(Claim.objects.filter(booking=OuterRef("pk"), state="confirmed", unit__date__gte=now.date()))
    stages = {
        "asked": live & Q(address_confirmed_at=None),
        "to decide": live & Q(address_confirmed_at__isnull=False),
        "ahead": Q(state="confirmed") & Q(ahead),
        "over": Q(state="confirmed") & ~Q(ahead),
    }
    rows = Booking.objects.filter(live | Q(state="confirmed")).order_by()
    counted = rows.values("currency").annotate(
        **{f"n{number}": Count("pk", filter=stage) for number, stage in enumerate(stages.values())},
        **{f"sum{number}": Sum("price", filter=stage) for number, stage in enumerate(stages.values())},
    )
    found: list[Any] = list(counted)
    notes = {
        "asked": "address not confirmed yet",
        "to decide": "waiting for your answer",
        "ahead": "confirmed, with days ahead",
        "over": "confirmed, all days over",
    }
    states = ("held", "held", "confirmed", "confirmed")
    return [
        Stage(
            name,
            notes[name],
            sum(row[f"n{number}"] for row in found),
            _worth({row["currency"]: row[f"sum{number}"] for row in found}),
            f"{reverse('admin:sponsors_booking_changelist')}?state__exact={states[number]}",
        )
        for number, name in enumerate(stages)
    ]


def _worth(sums: dict[str, Decimal | None]) -> str:
    return " + ".join(money(amount, currency) for currency, amount in sorted(sums.items()) if amount) or "–"


def to_approve(user: User) -> list[CreativeVersion]:
    """The latest versions that wait for a verdict that somebody may give, the oldest first."""
    rows = approval.waiting_for(user).reviewed()
    return list(rows.select_related("creative__booking__sponsor", "creative__kind").order_by("submitted_at"))


@dataclass(frozen=True, slots=True)
class Deadline:
    """A sold day without an approved ad, and when its ad has to be there."""

    claim: Claim
    is_handed_in: bool

    @property
    def url(self) -> str:
        return reverse("admin:sponsors_booking_overview", args=[self.claim.booking_id])


def deadlines(now: datetime | None = None) -> list[Deadline]:
    """Sold days whose cut-off comes in the next days, or whose ad waits for us, without an approved ad."""
    now = now or timezone.now()
    of_claim = Q(
        creative__booking=OuterRef("booking"), creative__kind=OuterRef("unit__kind"), creative__retired_at=None
    )
    approved = CreativeVersion.objects.approved().filter(of_claim, submitted_at__lte=OuterRef("unit__cutoff_at"))
    claims = Claim.objects.filter(
        state="confirmed",
        booking__state="confirmed",
        unit__date__gte=now.date(),
        unit__cutoff_at__lte=now + SOON,
    ).filter(~Exists(approved))
    handed_in = CreativeVersion.objects.filter(of_claim, submitted_at__lte=OuterRef("unit__cutoff_at"))
    rows = claims.annotate(handed_in=Exists(handed_in)).select_related("unit__kind", "booking__sponsor")
    return [Deadline(row, row.handed_in) for row in rows.order_by("unit__cutoff_at", "pk")]


# The calendar


@dataclass(frozen=True, slots=True)
class Cell:
    """One place on one day: its state by name (for the colour) and in words."""

    state: str
    words: str
    url: str


def calendar(today: date | None = None) -> dict[str, Any]:
    """A row for each of the coming days, a column for each kind of place."""
    today = today or clock.utc_day()
    days = [today + timedelta(days=offset) for offset in range(AHEAD)]
    live = Q(state="confirmed") | Q(state="held", booking__hold_until__gt=timezone.now())
    claims: dict[int, Claim] = {}
    for claim in Claim.objects.filter(live, unit__date__range=(days[0], days[-1])).select_related("booking__sponsor"):
        claims[claim.unit_id] = claim
    ready = set(
        Creative.objects.filter(retired_at=None, booking__in={claim.booking_id for claim in claims.values()})
        .filter(Exists(CreativeVersion.objects.approved().filter(creative=OuterRef("pk"))))
        .values_list("booking", "kind")
    )
    cells: dict[tuple[int, date], list[Cell]] = defaultdict(list)
    kinds: dict[int, PlacementKind] = {}
    for unit in RunUnit.objects.filter(date__range=(days[0], days[-1])).select_related("kind"):
        kinds[unit.kind_id] = unit.kind
        cells[unit.kind_id, unit.date].append(_cell(unit, claims.get(unit.pk), ready))
    rows = [(kind, [cells.get((pk, day), []) for day in days]) for pk, kind in kinds.items()]
    return {"rows": rows, "by_day": [(day, [found[place] for _, found in rows]) for place, day in enumerate(days)]}


def _cell(unit: RunUnit, claim: Claim | None, ready: set[Any]) -> Cell:
    if claim is None:
        url = reverse("admin:sponsors_rununit_change", args=[unit.pk])
        return Cell("off", "off sale", url) if unit.off_sale else Cell("free", "free", url)
    url = reverse("admin:sponsors_booking_overview", args=[claim.booking_id])
    if claim.state == Claim.State.HELD:
        return Cell("held", f"held: {claim.booking.name}", url)
    if (claim.booking_id, unit.kind_id) in ready:
        return Cell("ready", f"ready: {claim.booking.name}", url)
    return Cell("missing", f"no ad yet: {claim.booking.name}", url)


# Charts


def figures(today: date | None = None) -> dict[str, Any]:
    """Charts with their numbers: what was sold by month and package, how much of what was on sale, and what really ran."""
    today = today or clock.utc_day()
    first = months.shifted(today.replace(day=1), -BACK)
    sold = list(
        Booking.objects.filter(state__in=["confirmed", "cancelled"], decided_at__gte=clock.start_of(first))
        .filter(Q(state="confirmed") | Q(claims__state="confirmed"))
        .distinct()
        .values_list("decided_at", "price", "currency", "snapshot__name")
    )
    currency = Counter(row[2] for row in sold).most_common(1)[0][0] if sold else ""
    return {
        "currency": currency,
        "other_currencies": sorted({row[2] for row in sold} - {currency}),
        "by_month": _by_month([row for row in sold if row[2] == currency], first, currency),
        "by_package": _by_package([row for row in sold if row[2] == currency], currency),
        "sell_through": _sell_through(today),
        "delivery": _delivery(today),
        "guarantees": _guarantees(today),
    }


def _by_month(sold: list[Any], first: date, currency: str) -> charts.LineChart:
    sums: Counter[date] = Counter()
    for decided_at, price, *_ in sold:
        sums[decided_at.date().replace(day=1)] += price
    month = [months.shifted(first, offset) for offset in range(BACK + 1)]
    return charts.line_chart(
        (f"{each:%b %y}", Decimal(sums[each]), money(Decimal(sums[each]), currency)) for each in month
    )


def _by_package(sold: list[Any], currency: str) -> charts.BarChart:
    sums: Counter[str] = Counter()
    count = Counter(name for *_, name in sold)
    for _, price, _, name in sold:
        sums[name] += price
    return charts.bar_chart(
        (name, amount, f"{money(amount, currency)} ({count[name]} sold)") for name, amount in sums.most_common()
    )


def _sell_through(today: date) -> charts.BarChart:
    """Of the places of each month that were on sale, how many are sold: two months back, this one, three on."""
    month = [months.shifted(today.replace(day=1), offset) for offset in range(-2, ON + 1)]
    sold = Exists(Claim.objects.filter(unit=OuterRef("pk"), state="confirmed"))
    units = RunUnit.objects.filter(date__gte=month[0], date__lt=months.shifted(month[-1], 1), off_sale="").order_by()
    counted = units.annotate(is_sold=sold).values("date__year", "date__month")
    found = {
        (row["date__year"], row["date__month"]): (row["sold"], row["all"])
        for row in counted.annotate(sold=Count("pk", filter=Q(is_sold=True)), all=Count("pk"))
    }
    rows = [(f"{each:%B %Y}", *found.get((each.year, each.month), (0, 0))) for each in month]
    return charts.bar_chart(
        (
            name,
            100 * taken / total if total else 0,
            f"{100 * taken / total:.0f} % ({taken} of {total})" if total else "none on sale",
        )
        for name, taken, total in rows
    )


def _delivery(today: date) -> charts.BarChart:
    """What became of the days that were sold and are over: each is guaranteed to run, or another is given."""
    past = Claim.objects.filter(
        state="confirmed", booking__state="confirmed", unit__date__gte=today - RAN, unit__date__lt=today
    )
    counted = past.aggregate(
        all=Count("pk"),
        open=Count("pk", filter=Q(make_good__state=MakeGood.State.OPEN)),
        given=Count("pk", filter=Q(make_good__state=MakeGood.State.GIVEN)),
        waived=Count("pk", filter=Q(make_good__state=MakeGood.State.WAIVED)),
    )
    total = counted.pop("all")
    ran = total - sum(counted.values())
    rows = (
        ("Ran as sold", ran),
        ("Made good with another day", counted["given"]),
        ("Waived", counted["waived"]),
        ("Still owed", counted["open"]),
    )
    return charts.bar_chart((name, n, f"{n} of {total}") for name, n in rows) if total else charts.bar_chart([])


def _guarantees(today: date) -> charts.BarChart:
    """What places with a guarantee have got so far, of bookings that run or ran lately; the least of it on top."""
    rows = sorted(under_delivery.standing(since=today - RAN, until=today), key=lambda each: each.share)[:SHOWN]
    return charts.bar_chart((each.name, min(100 * each.share, 100), each.words) for each in rows)
