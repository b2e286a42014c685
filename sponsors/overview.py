"""The sponsorship manager's day on one page: what is asked for, to approve, due, sold and earned, in as many queries on any day."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, Exists, F, OuterRef, Q, Sum, When
from django.db.models.functions import Coalesce, TruncMonth
from django.urls import reverse
from django.utils import timezone

from core.lib import charts, clock, months
from core.models import User
from sponsors import approval, under_delivery
from sponsors.models import (
    Booking,
    Claim,
    Creative,
    CreativeVersion,
    Inquiry,
    Invoice,
    MakeGood,
    Offer,
    PlacementKind,
    RunUnit,
)
from sponsors.models.catalogue import money
from sponsors.money import invoices, ledger

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
    """What bookings owe, the first to be due on top: from the ledger, with the day of the invoice that stands."""
    today = today or clock.utc_day()
    owed: Any = ledger.owed()
    return [
        Due(
            name=row.name,
            amount=money(row.balance, row.currency),
            due_date=row.due,
            url=reverse("admin:sponsors_invoice_account", args=[row.pk]),
            is_late=bool(row.due and row.due < today),
        )
        for row in owed.filter(balance__gt=0).select_related("sponsor")
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
    """What was asked for and offered, then bookings, by what they wait for."""
    now = now or timezone.now()
    return [*_before(now), *_bookings(now)]


def _before(now: datetime) -> list[Stage]:
    """Inquiries that nobody answered, and offers that nobody accepted yet."""
    asked = Inquiry.objects.filter(state=Inquiry.State.OPEN).count()
    out = Offer.objects.filter(state=Offer.State.OPEN, expires_at__gt=now).order_by().values_list("currency")
    offered = list(out.annotate(number=Count("pk"), sum=Sum("price")))
    worth = _worth({currency: price for currency, _, price in offered})
    inquiries, offers = (
        f"{reverse(f'admin:sponsors_{name}_changelist')}?state__exact=open" for name in ("inquiry", "offer")
    )
    return [
        Stage("inquiries", "to answer with an offer", asked, "–", inquiries),
        Stage("offers", "waiting for the buyer", sum(number for _, number, _ in offered), worth, offers),
    ]


def _bookings(now: datetime) -> list[Stage]:
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
    """Charts with their numbers: what was billed by month and package, what was sold of what was on sale, what really ran."""
    today = today or clock.utc_day()
    first = months.shifted(today.replace(day=1), -BACK)
    billed = _billed(first)
    number = Counter[str]()
    for each in billed:
        number[each.currency] += each.invoices
    currency = number.most_common(1)[0][0] if number else ""
    mine = [each for each in billed if each.currency == currency]
    return {
        "currency": currency,
        "other_currencies": sorted(set(number) - {currency}),
        "by_month": _by_month(mine, first, currency),
        "by_package": _by_package(mine, currency),
        "unbilled": _unbilled(),
        "sell_through": _sell_through(today),
        "delivery": _delivery(today),
        "guarantees": _guarantees(today),
    }


@dataclass(frozen=True, slots=True)
class Billed:
    """What was billed of a package in a month and currency, before tax: invoices less credit notes."""

    month: date
    package: str
    currency: str
    net: Decimal
    invoices: int


def _billed(first: date) -> list[Billed]:
    """By month, package and currency, since a day."""
    is_invoice = Q(kind=Invoice.Kind.INVOICE)
    signed = Case(When(is_invoice, then=F("net")), default=-F("net"))
    rows = Invoice.objects.filter(issued_on__gte=first).order_by().annotate(month=TruncMonth("issued_on"))
    grouped = rows.values_list("month", "booking__snapshot__name", "currency")
    return [Billed(*row) for row in grouped.annotate(sum=Sum(signed), number=Count("pk", filter=is_invoice))]


def _unbilled() -> str:
    """How many bookings wait to be billed, and at which prices; empty where none does."""
    sums = Booking.objects.filter(pk__in=invoices.waiting().values("pk")).order_by().values_list("currency")
    owed = F("price") - Coalesce(F("cancellation__credit"), 0, output_field=DecimalField())
    found = list(sums.annotate(number=Count("pk"), sum=Sum(owed)))
    count = sum(number for _, number, _ in found)
    worth = _worth({currency: price for currency, _, price in found})
    return f"{count} booking{'' if count == 1 else 's'} ({worth})" if count else ""


def _by_month(billed: list[Billed], first: date, currency: str) -> charts.LineChart:
    sums: dict[date, Decimal] = defaultdict(Decimal)
    for each in billed:
        sums[each.month] += each.net
    month = [months.shifted(first, offset) for offset in range(BACK + 1)]
    names = [f"{each:%b %y}" if each in (month[0], month[-1]) or each.month == 1 else f"{each:%b}" for each in month]
    return charts.line_chart(
        (name, sums[each], money(sums[each], currency)) for name, each in zip(names, month, strict=True)
    )


def _by_package(billed: list[Billed], currency: str) -> charts.BarChart:
    """The most on top. One of which more was credited than billed has no length, and its number says so."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    count = Counter[str]()
    for each in billed:
        sums[each.package] += each.net
        count[each.package] += each.invoices
    return charts.bar_chart(
        (name, max(amount, Decimal(0)), f"{money(amount, currency)} ({_invoices(count[name])})")
        for name, amount in sorted(sums.items(), key=lambda item: item[1], reverse=True)
    )


def _invoices(number: int) -> str:
    return f"{number} invoice{'' if number == 1 else 's'}"


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
