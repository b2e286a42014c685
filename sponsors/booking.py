"""Selling units: hold, keep, confirm, cancel, expire. Two buyers never get the same unit, however closely they meet."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zlib import crc32

from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils import timezone

from core import advisory_locks, pagecache
from core.advisory_locks import AdvisoryLock
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, change_if, lock, move
from sponsors import audience, availability, disclosures, emails, events, flag_searches
from sponsors.models import Booking, Claim, Creative, DisclosureEntry, Package, RunUnit, Sponsor
from sponsors.money import invoices, terms

HOLD_FOR = timedelta(hours=72)
PRE_HOLD_FOR = timedelta(minutes=30)  # until the link of our mail is used
MOST_HELD = 3  # undecided at one time, of one address or of one company at its domain
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
    is_address_known: bool = False,
    now: datetime | None = None,
) -> Booking:
    """Hold all units of a package that starts on a day for one buyer, or none of them.

    It is for minutes, in which a mail asks for the address to be confirmed (`keep`), unless that is known. A buyer who asks
    again for what is held for them gets that booking. Raises Unavailable.
    """
    now = now or timezone.now()
    try:
        with transaction.atomic():
            _wait_for_others_of(contact_email)
            if mine := _held_already(package, company, contact_email, start, now):
                if mine.address_confirmed_at is None:
                    emails.address_to_confirm(mine)  # the first may be lost; forms.BookingForm bounds how many
                return mine
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
                hold_until=_end(now, units, HOLD_FOR if is_address_known else PRE_HOLD_FOR),
                requested_at=now,
                address_confirmed_at=now if is_address_known else None,
            )
            Claim.objects.bulk_create(Claim(unit=unit, booking=booking) for unit in units)
            Creative.objects.bulk_create(
                Creative(booking=booking, kind_id=item.kind_id) for item in package.items.all()
            )
            if is_address_known:
                emails.booking_requested(booking)
                events.announce(events.REQUESTED, booking)
            else:
                emails.address_to_confirm(booking)
            pagecache.bump()
    except _Taken as taken:
        raise Unavailable(str(taken), _alternatives(package, start, now)) from None
    return booking


def keep(booking: Booking, *, now: datetime | None = None) -> Booking:
    """Hold a booking until we decide on it, now that its address is known, and write to both sides. To do it twice is once.

    Dates that were let go meanwhile are taken again. Raises TransitionRefused; Unavailable, where somebody else has them.
    """
    now = now or timezone.now()
    with transaction.atomic():
        _wait_for_others_of(booking.contact_email, _company_at(booking.company, booking.contact_email))
        lock(booking, "package")
        if booking.address_confirmed_at and booking.state != Booking.State.EXPIRED:
            return booking
        if booking.state == Booking.State.CONFIRMED:  # staff were faster
            change_if(booking, Q(address_confirmed_at=None), address_confirmed_at=now)
            return booking
        if booking.state == Booking.State.CANCELLED or not booking.contact_email:
            raise TransitionRefused(
                "This request is over, so its dates are not kept any more. Please ask for them again."
            )
        if is_held_enough(booking.company, booking.contact_email):
            raise TransitionRefused(
                f"{MOST_HELD} bookings of yours wait for our answer already. Use this link again once we have answered."
            )
        if not booking.is_live(now) and booking.state in (Booking.State.HELD, Booking.State.EXPIRED):
            _take_again(booking, now)
        units = [claim.unit for claim in booking.claims.filter(state=Claim.State.HELD).select_related("unit")]
        move(
            booking,
            sources=[Booking.State.HELD, Booking.State.EXPIRED],
            to=Booking.State.HELD,
            action="kept",
            hold_until=_end(now, units, HOLD_FOR),
            address_confirmed_at=now,
        )
        emails.booking_requested(booking)
        events.announce(events.REQUESTED, booking)
        pagecache.bump()
    return booking


def is_held_enough(company: str, contact_email: str) -> bool:
    """Whether as many bookings of one address, or of one company at its domain, wait for our answer as may do so at one time.

    A company's name alone counts for nothing: whoever typed it would shut that company out.
    """
    waiting = Booking.objects.filter(state=Booking.State.HELD).live().exclude(address_confirmed_at=None)
    at_domain = Q(company__iexact=company, contact_email__iendswith=_domain(contact_email))
    return any(waiting.filter(one).count() >= MOST_HELD for one in (Q(contact_email__iexact=contact_email), at_domain))


def _domain(address: str) -> str:
    """With its @, so that no longer domain ends with it."""
    return "@" + address.rpartition("@")[2].lower()


def _company_at(company: str, contact_email: str) -> str:
    return company.lower() + _domain(contact_email)


def _wait_for_others_of(*buyers: str) -> None:
    """Have the bookings of one buyer come one after the other, by all names it has, taken in one order."""
    for key in sorted({crc32(each.lower().encode()) >> 1 for each in buyers}):
        advisory_locks.wait_for(AdvisoryLock.HOLDS, key)


def _end(now: datetime, units: Iterable[RunUnit], held_for: timedelta) -> datetime:
    """When a hold ends: at its first cut-off at the latest."""
    return min([now + held_for, *(unit.cutoff_at for unit in units)])


def confirm(booking: Booking, *, by: User | None, price: Decimal | None = None) -> Booking:
    """Sell what is held. A hold that has run out is renewed if all its units are still free, and none has begun.

    Where the package costs something else by now, `price` says which of the two was chosen. Raises TransitionRefused;
    Unavailable, if someone else has one of its units by now.
    """
    now = timezone.now()
    with transaction.atomic():
        lock(booking, "package")
        if not booking.is_live(now) and booking.state in (Booking.State.HELD, Booking.State.EXPIRED):
            _settle_price(booking, price)
            _take_again(booking, now)
        elif booking.state == Booking.State.HELD:
            _refuse_late(RunUnit.objects.filter(claims__booking=booking, claims__state=Claim.State.HELD), now)
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
        disclosures.append(DisclosureEntry.Kind.BOOKED, booking, booking.claims.all(), at=now)
        flag_searches.ask(f"{booking.name} was confirmed")
        emails.booking_confirmed(booking)
        events.announce(events.CONFIRMED, booking)
        invoices.issue_for(booking, by=by)  # the last thing, since its number keeps all others waiting
        pagecache.bump()
    return booking


def price_now(booking: Booking) -> Package | None:
    """The version of its package that is on sale, where it has another price than the booking was quoted."""
    package = Package.objects.filter(tier=booking.snapshot["tier"], on_sale=True).first()
    same = package is None or (package.price, package.currency) == (booking.price, booking.currency)
    return None if same else package


def cancel(booking: Booking, *, by: User | None, reason: str = "") -> Booking:
    """Give back the units of a booking that are ahead. What ran stays: counted, disclosed and billed.

    An ad that runs today stops at once. Raises TransitionRefused for one that is over already.
    """
    now = timezone.now()
    with transaction.atomic():
        lock(booking)
        was = booking.state
        ahead = ahead_of(booking, now)
        if was == Booking.State.CONFIRMED and not (ahead.exists() or running(booking, now).exists()):
            raise TransitionRefused("All its days are over, so there is nothing left to cancel.")
        move(
            booking,
            sources=[Booking.State.HELD, Booking.State.CONFIRMED],
            to=Booking.State.CANCELLED,
            action="cancelled",
            hold_until=None,
            decided_by=by,
            decided_at=now,
            reason=one_line(reason)[:300],
        )
        if was == Booking.State.CONFIRMED:
            terms.refund(booking, given_back=list(ahead), by=by, reason=booking.reason, now=now)
        given_back = list(ahead.values_list("pk", flat=True))
        ended = given_back + list(running(booking, now).values_list("pk", flat=True))
        booking.claims.filter(pk__in=given_back).update(state=Claim.State.RELEASED)
        if was == Booking.State.CONFIRMED:
            disclosures.append(DisclosureEntry.Kind.CANCELLED, booking, booking.claims.filter(pk__in=ended), at=now)
        emails.booking_cancelled(booking)
        events.announce(events.CANCELLED, booking)
        pagecache.bump()
    return booking


def ahead_of(booking: Booking, now: datetime | None = None) -> QuerySet[Claim]:
    """What cancelling would give back: all of a hold; of what is sold, days to come and a briefing not sent yet today."""
    live = booking.claims.filter(state__in=LIVE)
    if booking.state != Booking.State.CONFIRMED:
        return live
    day = (now or timezone.now()).date()
    mail = set(live.filter(unit__date=day, unit__channel__startswith="mail:").values_list("unit__channel", flat=True))
    unsent = mail - {channel for channel, _ in audience.sends_on(mail, since=day)} if mail else mail
    return live.filter(Q(unit__date__gt=day) | Q(unit__date=day, unit__channel__in=unsent))


def running(booking: Booking, now: datetime | None = None) -> QuerySet[Claim]:
    """What a booking has on pages today: cancelling ends it, and it stays counted."""
    sold = booking.claims.filter(state=Claim.State.CONFIRMED, unit__date=(now or timezone.now()).date())
    return sold.filter(unit__channel__startswith="web:")


def expire_stale(*, now: datetime | None = None, units: Q | None = None) -> int:
    """Release holds that have run out, or only those on certain units; return how many.

    Rows are locked in the order of their ids, so that processes doing this at once wait and never deadlock.
    """
    now = now or timezone.now()
    with transaction.atomic():
        stale = Booking.objects.stale(now)
        if units is not None:
            stale = stale.filter(pk__in=Claim.objects.filter(units, state=Claim.State.HELD).values("booking"))
        lapsed = list(stale.select_for_update(of=("self",)).order_by("pk"))
        ids = [booking.pk for booking in lapsed]
        Claim.objects.filter(booking__in=ids, state=Claim.State.HELD).update(state=Claim.State.RELEASED)
        Booking.objects.filter(pk__in=ids).update(state=Booking.State.EXPIRED)
        for booking in lapsed:
            if booking.address_confirmed_at:  # else nobody knows of it
                emails.booking_lapsed(booking)
        if lapsed:
            pagecache.bump()
    return len(lapsed)


def _held_already(package: Package, company: str, contact_email: str, start: date, now: datetime) -> Booking | None:
    buyers = Booking.objects.filter(company__iexact=company, contact_email__iexact=contact_email)
    mine = buyers.filter(package=package, state="held", hold_until__gt=now).with_first_day()
    return next((booking for booking in mine if booking.starts_on == start), None)


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


def _settle_price(booking: Booking, price: Decimal | None) -> None:
    """Have a hold that ran out cost what was chosen: what it was quoted, or what its package costs now."""
    now = price_now(booking)
    if now is None:
        return
    if price not in (booking.price, now.price):
        raise TransitionRefused(
            f"The hold has run out, and the price has changed: {booking.price_text} was quoted, and {now.price_text} is"
            " asked now. Choose one of them on the booking’s page."
        )
    if price == now.price:
        booking.price, booking.currency = now.price, now.currency
        booking.snapshot |= {"price": str(now.price), "currency": now.currency}
        booking.save(update_fields=["price", "currency", "snapshot"])


def _take_again(booking: Booking, now: datetime) -> None:
    """Claim once more the units of a hold that has run out."""
    claims = booking.claims.filter(state__in=[Claim.State.HELD, Claim.State.RELEASED])
    ids = list(claims.values_list("unit", flat=True))
    others = Claim.objects.filter(unit__in=ids, state__in=LIVE).exclude(booking=booking)
    expire_stale(now=now, units=Q(pk__in=others.values("pk")))
    units = list(RunUnit.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("date", "kind", "ordinal"))
    _refuse_late(units, now)
    if others.exists() or any(unit.off_sale for unit in units):
        words = "someone else now has some of its days" if others.exists() else "some of its days are off sale"
        first = min(unit.date for unit in units)
        raise Unavailable(f"The hold has run out, and {words}.", _alternatives(booking.package, first, now))
    claims.update(state=Claim.State.HELD)


def _refuse_late(units: Iterable[RunUnit], now: datetime) -> None:
    """Raise TransitionRefused where a day is over, or past its cut-off: nothing is sold that may not run."""
    if late := sorted({unit.date for unit in units if unit.cutoff_at <= now}):
        days = ", ".join(f"{day:%-d %b %Y}" for day in late[:3]) + (" and others" if len(late) > 3 else "")
        raise TransitionRefused(f"It can no longer be confirmed: no ad can be handed in any more for {days}.")


def _sponsor_named(booking: Booking) -> Sponsor:
    """The sponsor with the company's name; created if there is none, also where several bookings do so at once."""
    made = Sponsor(name=booking.company, contact_email=booking.contact_email)
    Sponsor.objects.bulk_create([made], ignore_conflicts=True)
    return Sponsor.objects.alias(folded=Lower("name")).get(folded=Lower(Value(booking.company)))


def _alternatives(package: Package, start: date, now: datetime) -> list[date]:
    """Days near the one that cannot be had, which is none of them."""
    return availability.calendar([package], now=now).starts(package, limit=5, after=start + timedelta(days=1))
