"""Selling units: hold, confirm, cancel, expire. Two buyers never get the same unit, however closely they meet."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import pagecache
from core.models import User
from core.transitions import TransitionRefused, lock, move
from sponsors import availability, disclosures, emails
from sponsors.models import Booking, Claim, Creative, DisclosureEntry, Package, RunUnit, Sponsor

HOLD_FOR = timedelta(hours=72)
LIVE = (Claim.State.HELD, Claim.State.CONFIRMED)


class Unavailable(TransitionRefused):
    """A unit of the run is not free. `alternatives` are days on which the whole package could start instead."""

    def __init__(self, message: str, alternatives: list[date]):
        super().__init__(message)
        self.alternatives = alternatives


def hold(
    *,
    package: Package,
    company: str,
    contact_email: str,
    start: date,
    message: str = "",
    sponsor: Sponsor | None = None,
    now: datetime | None = None,
) -> Booking:
    """Keep all units of a package that starts on a day for one buyer, or none of them, and write to both sides.

    Raises Unavailable.
    """
    now = now or timezone.now()
    try:
        with transaction.atomic():
            units = _take_run(package, start, now)
            Package.objects.filter(pk=package.pk, quoted_at=None).update(quoted_at=now)
            booking = Booking.objects.create(
                sponsor=sponsor,
                company=company,
                contact_email=contact_email,
                message=message,
                package=package,
                snapshot=package.snapshot(),
                price=package.price,
                currency=package.currency,
                hold_until=now + HOLD_FOR,
                requested_at=now,
            )
            Claim.objects.bulk_create(Claim(unit=unit, booking=booking) for unit in units)
            Creative.objects.bulk_create(
                Creative(booking=booking, kind_id=item.kind_id) for item in package.items.all()
            )
            emails.booking_requested(booking)
            pagecache.bump()
    except _Taken as taken:
        raise Unavailable(str(taken), _alternatives(package, start, now)) from None
    return booking


def confirm(booking: Booking, *, by: User | None) -> Booking:
    """Sell what is held. A hold that has run out is renewed if all its units are still free.

    Raises TransitionRefused; Unavailable, if someone else has one of its units by now.
    """
    now = timezone.now()
    with transaction.atomic():
        lock(booking)
        if booking.state == Booking.State.EXPIRED:
            _take_again(booking, now)
        move(
            booking,
            sources=[Booking.State.HELD, Booking.State.EXPIRED],
            to=Booking.State.CONFIRMED,
            action="confirmed",
            sponsor=booking.sponsor or _sponsor_named(booking),
            hold_until=None,
            decided_by=by,
            decided_at=now,
        )
        booking.claims.filter(state=Claim.State.HELD).update(state=Claim.State.CONFIRMED)
        disclosures.append(DisclosureEntry.Kind.BOOKED, booking, at=now)
        emails.booking_confirmed(booking)
        pagecache.bump()
    return booking


def cancel(booking: Booking, *, by: User | None) -> Booking:
    """Give a booking's units back. Raises TransitionRefused for one that is over already."""
    now = timezone.now()
    with transaction.atomic():
        lock(booking)
        was = booking.state
        move(
            booking,
            sources=[Booking.State.HELD, Booking.State.CONFIRMED],
            to=Booking.State.CANCELLED,
            action="cancelled",
            hold_until=None,
            decided_by=by,
            decided_at=now,
        )
        booking.claims.filter(state__in=LIVE).update(state=Claim.State.RELEASED)
        if was == Booking.State.CONFIRMED:
            disclosures.append(DisclosureEntry.Kind.CANCELLED, booking, at=now)
        emails.booking_cancelled(booking)
        pagecache.bump()
    return booking


def expire_stale(*, now: datetime | None = None, units: Q | None = None) -> int:
    """Release holds that have run out, or only those on certain units; return how many.

    Rows are locked in the order of their ids, so that processes doing this at once wait and never deadlock.
    """
    now = now or timezone.now()
    with transaction.atomic():
        stale = Booking.objects.stale(now)
        if units is not None:
            stale = stale.filter(pk__in=Claim.objects.filter(units, state=Claim.State.HELD).values("booking"))
        ids = [booking.pk for booking in stale.select_for_update(of=("self",)).order_by("pk")]
        Claim.objects.filter(booking__in=ids, state=Claim.State.HELD).update(state=Claim.State.RELEASED)
        expired = Booking.objects.filter(pk__in=ids, state=Booking.State.HELD).update(state=Booking.State.EXPIRED)
        if expired:
            pagecache.bump()
    return expired


class _Taken(Exception):
    """A unit of the run cannot be had."""


def _take_run(package: Package, start: date, now: datetime) -> list[RunUnit]:
    run = availability.calendar([package], now=now).run_of(package, start)
    if run is None:
        raise _Taken("Too few days are open from this date on.")
    kinds, days = {kind for _, kind in run}, {day for day, _ in run}
    expire_stale(now=now, units=Q(unit__kind__in=kinds, unit__date__in=days))
    return [_take_one(kind_id, day, now) for day, kind_id in run]


def _take_one(kind_id: int, day: date, now: datetime) -> RunUnit:
    """Lock one free unit of a kind and day until the transaction ends.

    A unit that another buyer has locked is passed over. One that was free when the statement began may have been sold
    before we got its lock, so it is checked again under the lock, which every buyer must hold to claim it.
    """
    free = RunUnit.objects.free(now).filter(kind=kind_id, date=day).order_by("ordinal")
    sold: list[int] = []
    while unit := free.exclude(pk__in=sold).select_for_update(skip_locked=True, of=("self",)).first():
        if not unit.claims.filter(state__in=LIVE).exists():
            return unit
        sold.append(unit.pk)
    raise _Taken(f"{day:%A, %d %B %Y} is taken.")


def _take_again(booking: Booking, now: datetime) -> None:
    """Claim once more the units of a hold that has run out."""
    ids = list(booking.claims.filter(state=Claim.State.RELEASED).values_list("unit", flat=True))
    expire_stale(now=now, units=Q(unit__in=ids))
    units = list(RunUnit.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("date", "kind", "ordinal"))
    if Claim.objects.filter(unit__in=units, state__in=LIVE).exists():
        first = min(unit.date for unit in units)
        raise Unavailable(
            "The hold has run out, and someone else now has some of its days.",
            _alternatives(booking.package, first, now),
        )
    booking.claims.filter(state=Claim.State.RELEASED).update(state=Claim.State.HELD)


def _sponsor_named(booking: Booking) -> Sponsor:
    """The sponsor with the company's name; created if there is none."""
    known = Sponsor.objects.filter(name__iexact=booking.company).first()
    return known or Sponsor.objects.create(name=booking.company, contact_email=booking.contact_email)


def _alternatives(package: Package, start: date, now: datetime) -> list[date]:
    return availability.calendar([package], now=now).starts(package, limit=5, after=start)
