"""Claims on units: one free unit is taken under its lock, and those of holds that ran out are given back first."""

from collections.abc import Iterable
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from core import audit, pagecache
from sponsors import availability, emails
from sponsors.availability import ONE_RUN, Series
from sponsors.models import Booking, Claim, Package, RunUnit, Sponsor
from sponsors.querysets import BookingQuerySet

LIVE = (Claim.State.HELD, Claim.State.CONFIRMED)
ONE_OF_CATEGORY = "claim_one_of_category_per_issue"


class Taken(Exception):
    """A unit cannot be had."""


def take_run(
    package: Package, start: date, now: datetime, *, series: Series = ONE_RUN, category: str = ""
) -> list[RunUnit]:
    """Lock the units of all runs of a package that starts on a day until the transaction ends. Raises Taken."""
    run = availability.calendar([package], now=now, category=category).series_of(package, series, start)
    if run is None:
        raise Taken("Too few days are open from this date on.")
    release_lapsed(run, now)
    return [take_one(kind_id, day, now) for day, kind_id in run]


def release_lapsed(wanted: Iterable[tuple[date, int]], now: datetime, *, but: Booking | None = None) -> None:
    """Give back what holds that ran out keep of these days, but for one that is being sold again."""
    rows = lapsed(wanted, now)
    expire_stale(now=now, rows=rows.exclude(pk=but.pk) if but else rows)


def lapsed(wanted: Iterable[tuple[date, int]], now: datetime) -> BookingQuerySet:
    """Holds that ran out on these days, on their kinds' channels: a category may be in the way, too."""
    pairs = list(wanted)
    kinds, days = {kind for _, kind in pairs}, {day for day, _ in pairs}
    channels = RunUnit.objects.filter(kind__in=kinds, date__in=days).values("channel")
    return _stale_on(Q(unit__channel__in=channels, unit__date__in=days), now)


def _stale_on(units: Q, now: datetime) -> BookingQuerySet:
    claimed = Claim.objects.filter(units, state=Claim.State.HELD).values("booking")
    return Booking.objects.stale(now).filter(pk__in=claimed)


def take_one(kind_id: int, day: date, now: datetime) -> RunUnit:
    """Lock one free unit of a kind and day until the transaction ends. Raises Taken.

    A unit that another buyer has locked is passed over. One that was free when the statement began may have been sold
    before we got its lock, so it is checked again under the lock, which every buyer must hold to claim it.
    """
    free = RunUnit.objects.free(now).filter(kind=kind_id, date=day).order_by("ordinal")
    sold: list[int] = []
    while unit := free.exclude(pk__in=sold).select_for_update(skip_locked=True, of=("self",)).first():
        if not unit.claims.filter(state__in=LIVE).exists():
            return unit
        sold.append(unit.pk)
    raise Taken(f"{day:%A, %d %B %Y} is taken.")


def make(booking: Booking, units: Iterable[RunUnit], *, state: Claim.State = Claim.State.HELD) -> list[Claim]:
    """Claim locked units for a booking. Raises Taken where another of its category has an issue."""
    with category_kept():
        made = Claim.objects.bulk_create(Claim(unit=unit, booking=booking, state=state) for unit in units)
        mark(booking)
    return made


@contextmanager
def category_kept() -> Any:
    """Say in words that another of the category has an issue: the constraint decides, however closely two meet."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as refused:
        if ONE_OF_CATEGORY not in str(refused):
            raise
        raise Taken("Somebody else of the same category has one of these days to itself.") from None


def mark(booking: Booking) -> None:
    """Write into live claims the issue that their booking's category has to itself: into one for each channel and day."""
    live = booking.claims.filter(state__in=LIVE).select_related("unit__kind").order_by("id")
    wanted: dict[int, str] = {}
    for claim in live:
        key = issue_of(claim, booking.category)
        wanted[claim.pk] = "" if key in wanted.values() else key
    changed = [claim for claim in live if claim.exclusive != wanted[claim.pk]]
    Claim.objects.filter(pk__in=[claim.pk for claim in changed]).update(exclusive="")
    for claim in changed:
        if wanted[claim.pk]:
            Claim.objects.filter(pk=claim.pk).update(exclusive=wanted[claim.pk])


def issue_of(claim: Claim, category: str) -> str:
    """What a claim keeps others of its category out of; empty where its kind of place shuts nobody out."""
    if category in ("", Sponsor.Category.OTHER) or not claim.unit.kind.is_exclusive:
        return ""
    return f"{claim.unit.channel} {claim.unit.date:%Y-%m-%d} {category}"


def expire_stale(*, now: datetime | None = None, units: Q | None = None, rows: BookingQuerySet | None = None) -> int:
    """Release holds that have run out, or only some, or those on certain units; return how many.

    Rows are locked in the order of their ids, so that processes doing this at once wait and never deadlock.
    """
    now = now or timezone.now()
    with transaction.atomic():
        stale = _stale_on(units, now) if units is not None else Booking.objects.stale(now) if rows is None else rows
        found = list(stale.select_for_update(of=("self",)).order_by("pk"))
        ids = [booking.pk for booking in found]
        Claim.objects.filter(booking__in=ids, state=Claim.State.HELD).update(state=Claim.State.RELEASED)
        Booking.objects.filter(pk__in=ids).update(state=Booking.State.EXPIRED)
        for booking in found:
            audit.record("let lapse", booking, by=None)
            if booking.address_confirmed_at:  # else nobody knows of it
                emails.booking_lapsed(booking)
        # whoever takes units says so last of all, since that keeps all others waiting
        if found and units is None and rows is None:
            pagecache.bump()
    return len(found)
