"""Selling units: hold, keep, confirm, cancel, expire. Two buyers never get the same unit, however closely they meet."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import advisory_locks, audit, pagecache
from core.advisory_locks import AdvisoryLock
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, change_if, lock, move
from sponsors import audience, availability, buyers, claims, disclosures, emails, events, flag_searches
from sponsors.availability import ONE_RUN, Series
from sponsors.claims import LIVE, Taken
from sponsors.models import Booking, Claim, Creative, DisclosureEntry, Package, RunUnit, Sponsor
from sponsors.money import invoices, terms

HOLD_FOR = timedelta(hours=72)
PRE_HOLD_FOR = timedelta(minutes=30)  # until the link of our mail is used
OPEN_TO_SALE = (Booking.State.HELD, Booking.State.EXPIRED)


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
    category: str = Sponsor.Category.OTHER,
    series: Series = ONE_RUN,
    price: Decimal | None = None,
    price_reason: str = "",
    sponsor: Sponsor | None = None,
    is_address_known: bool = False,
    is_settled: bool = False,  # it is confirmed at once, so nobody has to be asked
    is_bounded: bool = False,  # a buyer asks by themselves, who may hold so much at one time
    now: datetime | None = None,
) -> Booking:
    """Hold all units of a package that starts on a day for one buyer, or none of them.

    Of several runs, all are held or none. `price` is another than its list price, for a reason that is kept.
    It is for minutes, in which a mail asks for the address to be confirmed (`keep`), unless that is known. A buyer who asks
    again for what is held for them gets that booking. Raises Unavailable; TransitionRefused, where they hold enough.
    """
    now = now or timezone.now()
    try:
        with transaction.atomic():
            _wait_for_others_of(contact_email, buyers.company_at(company, contact_email))
            # what was agreed on is a booking of its own
            if price is None and (mine := _held_already(package, company, contact_email, start, now, series.runs)):
                if mine.address_confirmed_at is None:
                    emails.address_to_confirm(mine)  # the first may be lost; forms.BookingForm bounds how many
                return mine
            if is_bounded and (refusal := buyers.held_enough(company, contact_email, series.runs)):
                raise TransitionRefused(refusal)
            units = claims.take_run(package, start, now, series=series, category=category)
            Package.objects.filter(pk=package.pk, quoted_at=None).update(quoted_at=now)
            booking = Booking.objects.create(
                sponsor=sponsor,
                company=company,
                contact_email=contact_email,
                message=message,
                category=category,
                package=package,
                snapshot=_snapshot(package, series),
                runs=series.runs,
                price=_listed(package, series.runs) if price is None else price,
                discount=0 if price is None else max(Decimal(0), _listed(package, series.runs) - price),
                discount_reason=price_reason,
                currency=package.currency,
                hold_until=_end(now, units, HOLD_FOR if is_address_known else PRE_HOLD_FOR),
                requested_at=now,
                address_confirmed_at=now if is_address_known else None,
            )
            claims.make(booking, units)
            Creative.objects.bulk_create(
                Creative(booking=booking, kind_id=item.kind_id) for item in package.items.all()
            )
            if not is_address_known:
                emails.address_to_confirm(booking)
            elif not is_settled:
                emails.booking_requested(booking)
                events.announce(events.REQUESTED, booking)
            pagecache.bump()
    except Taken as taken:
        raise Unavailable(str(taken), _alternatives(package, start, now, category, series)) from None
    return booking


def keep(booking: Booking, *, now: datetime | None = None) -> Booking:
    """Hold a booking until we decide on it, now that its address is known, and write to both sides. To do it twice is once.

    Dates that were let go meanwhile are taken again. Raises TransitionRefused; Unavailable, where somebody else has them.
    """
    now = now or timezone.now()
    with transaction.atomic():
        _wait_for_others_of(booking.contact_email, buyers.company_at(booking.company, booking.contact_email))
        _lock_in_order(booking, now)
        if booking.address_confirmed_at and booking.state != Booking.State.EXPIRED:
            return booking
        if booking.state == Booking.State.CONFIRMED:  # staff were faster
            change_if(booking, Q(address_confirmed_at=None), address_confirmed_at=now)
            return booking
        if booking.state == Booking.State.CANCELLED or not booking.contact_email:
            raise TransitionRefused(
                "This request is over, so its dates are not kept any more. Please ask for them again."
            )
        if refusal := buyers.held_enough(booking.company, booking.contact_email, booking.runs):
            raise TransitionRefused(f"{refusal} Or use this link again once we have answered.")
        if not booking.is_live(now) and booking.state in OPEN_TO_SALE:
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


def _wait_for_others_of(*names: str) -> None:
    """Have the bookings of one buyer come one after the other, by all names it has, taken in one order."""
    for key in sorted({crc32(each.lower().encode()) >> 1 for each in names}):
        advisory_locks.wait_for(AdvisoryLock.HOLDS, key)


def _end(now: datetime, units: Iterable[RunUnit], held_for: timedelta) -> datetime:
    """When a hold ends: at its first cut-off at the latest."""
    return min([now + held_for, *(unit.cutoff_at for unit in units)])


def confirm(
    booking: Booking,
    *,
    by: User | None,
    price: Decimal | None = None,
    is_known_to_be_unknown: bool = False,
    is_of_namesake: bool = False,
) -> Booking:
    """Sell what is held. A hold that has run out is renewed if all its units are still free, and none has begun.

    Where the package costs something else by now, `price` says which of the two was chosen. One whose address nobody has
    confirmed is sold only to whoever says that they know. Its sponsor is the one of its name that is known by its address, or
    a new one, unless staff say that both are one. Raises TransitionRefused; Unavailable, if someone else has one of its units
    by now.
    """
    now = timezone.now()
    with transaction.atomic():
        _lock_in_order(booking, now)
        if booking.state in OPEN_TO_SALE and not booking.address_confirmed_at and not is_known_to_be_unknown:
            raise TransitionRefused(
                "Nobody has confirmed its address yet. On the booking’s own page it can be sold all the same."
            )
        if not booking.is_live(now) and booking.state in OPEN_TO_SALE:
            _settle_price(booking, price)
            _take_again(booking, now)
        elif booking.state == Booking.State.HELD:
            _refuse_late(RunUnit.objects.filter(claims__booking=booking, claims__state=Claim.State.HELD), now)
        sponsor = booking.sponsor or buyers.sponsor_of(booking, is_of_namesake=is_of_namesake)
        _settle_category(booking, sponsor)
        move(
            booking,
            sources=[Booking.State.HELD, Booking.State.EXPIRED],
            to=Booking.State.CONFIRMED,
            action="confirmed",
            sponsor=sponsor,
            hold_until=None,
            decided_by=by,
            decided_at=now,
        )
        booking.claims.filter(state=Claim.State.HELD).update(state=Claim.State.CONFIRMED)
        disclosures.append(DisclosureEntry.Kind.BOOKED, booking, booking.claims.all(), at=now)
        flag_searches.ask(f"{booking.name} was confirmed")
        unknown = "" if booking.address_confirmed_at else ", though nobody has confirmed its address"
        audit.record("confirmed", booking, by=by, detail=f"at {booking.price_text}{unknown}")
        emails.booking_confirmed(booking, asks_to_whom=booking.price > 0 and invoices.details_of(booking) is None)
        events.announce(events.CONFIRMED, booking)
        invoices.issue_for(booking, by=by)  # the last thing, since its number keeps all others waiting
        pagecache.bump()
    return booking


def price_now(booking: Booking) -> Package | None:
    """The version of its package that is on sale, at the price of as many runs, where that is not what was quoted.

    A price that was agreed on stands.
    """
    package = Package.objects.filter(tier=booking.snapshot["tier"], on_sale=True).first()
    if package is None or booking.discount_reason:
        return None
    package.price = _listed(package, booking.runs)
    return None if (package.price, package.currency) == (booking.price, booking.currency) else package


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
        given_back = list(ahead)
        if was == Booking.State.CONFIRMED:
            ended = [claim.pk for claim in [*given_back, *running(booking, now)]]
            # the log before the number of the credit note, as in `confirm`: two who take both never wait for each other
            disclosures.append(DisclosureEntry.Kind.CANCELLED, booking, booking.claims.filter(pk__in=ended), at=now)
            terms.refund(booking, given_back=given_back, by=by, reason=booking.reason, now=now)
        # only whoever has locked the booking changes its claims, so this waits for nobody
        booking.claims.filter(pk__in=[claim.pk for claim in given_back]).update(state=Claim.State.RELEASED)
        audit.record("cancelled", booking, by=by, detail=booking.reason)
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


def _snapshot(package: Package, series: Series) -> dict[str, Any]:
    """The package as it was quoted; its name says of how many runs."""
    kept = package.snapshot()
    name = kept["name"] if series.runs == 1 else f"{kept['name']}, {series.runs} runs"
    return kept | {"name": name, "runs": series.runs}


def _listed(package: Package, runs: int) -> Decimal:
    """What so many runs cost by the list."""
    return package.price * runs


def _held_already(
    package: Package, company: str, contact_email: str, start: date, now: datetime, runs: int
) -> Booking | None:
    buyers = Booking.objects.filter(company__iexact=company, contact_email__iexact=contact_email, runs=runs)
    mine = buyers.filter(package=package, state="held", hold_until__gt=now).with_first_day()
    return next((booking for booking in mine if booking.starts_on == start), None)


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
        booking.snapshot |= {"price": str(now.price / booking.runs), "currency": now.currency}
        booking.save(update_fields=["price", "currency", "snapshot"])


def _settle_category(booking: Booking, sponsor: Sponsor) -> None:
    """Have a booking keep others out by the category that we know its sponsor has, whatever its form said."""
    if sponsor.category in (Sponsor.Category.OTHER, booking.category):
        return
    booking.category = sponsor.category
    booking.save(update_fields=["category"])
    try:
        with claims.category_kept():
            claims.mark(booking)
    except Taken as taken:
        raise TransitionRefused(f"{sponsor} is {sponsor.get_category_display().lower()}: {taken}") from None


def _lock_in_order(booking: Booking, now: datetime) -> None:
    """Lock a booking; one that ran out together with those that ran out on its days, which are locked by id everywhere."""
    if not booking.is_live(now):
        units = RunUnit.objects.filter(claims__booking=booking).values_list("date", "kind")
        mine = Booking.objects.filter(Q(pk=booking.pk) | Q(pk__in=claims.lapsed(units, now).values("pk")))
        list(mine.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    lock(booking, "package")


def _take_again(booking: Booking, now: datetime) -> None:
    """Claim once more the units of a hold that has run out."""
    mine = booking.claims.filter(state__in=[Claim.State.HELD, Claim.State.RELEASED])
    ids = list(mine.values_list("unit", flat=True))
    wanted = list(RunUnit.objects.filter(pk__in=ids).values_list("date", "kind"))
    others = Claim.objects.filter(unit__in=ids, state__in=LIVE).exclude(booking=booking)
    claims.release_lapsed(wanted, now, but=booking)
    units = list(RunUnit.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("date", "kind", "ordinal"))
    _refuse_late(units, now)
    try:
        if others.exists():
            raise Taken("someone else now has some of its days")
        if any(unit.off_sale for unit in units) or RunUnit.objects.blacked_out().filter(pk__in=ids).exists():
            raise Taken("some of its days are off sale")
        with claims.category_kept():
            mine.update(state=Claim.State.HELD)
            claims.mark(booking)
    except Taken as taken:
        first = min(unit.date for unit in units)
        instead = _alternatives(booking.package, first, now, booking.category)
        raise Unavailable(
            f"The hold has run out, and {str(taken)[:1].lower()}{str(taken)[1:].rstrip('.')}.", instead
        ) from None


def _refuse_late(units: Iterable[RunUnit], now: datetime) -> None:
    """Raise TransitionRefused where a day is over, or past its cut-off: nothing is sold that may not run."""
    if late := sorted({unit.date for unit in units if unit.cutoff_at <= now}):
        days = ", ".join(f"{day:%-d %b %Y}" for day in late[:3]) + (" and others" if len(late) > 3 else "")
        raise TransitionRefused(f"It can no longer be confirmed: no ad can be handed in any more for {days}.")


def discount(row: Booking, *, amount: Decimal, reason: str, by: User | None) -> Booking:
    """Take something off the list price of a booking that is not sold yet; none takes it back. Raises TransitionRefused."""
    reason = one_line(reason)[:200]
    listed = Decimal(row.snapshot["price"]) * row.runs
    if not reason:
        raise TransitionRefused("Say why: it is kept with the booking.")
    if not 0 <= amount <= listed:
        raise TransitionRefused(f"Take off between 0 and {listed}: that is what it costs by the list.")
    with transaction.atomic():
        fields = {"discount": amount, "discount_reason": reason, "price": listed - amount}
        if not change_if(row, Q(state__in=OPEN_TO_SALE), **fields):
            raise TransitionRefused(
                "Its price was settled when it was confirmed. Credit a part of its invoice instead, or adjust its account."
            )
        audit.record("took something off the price of", row, by=by, detail=f"{amount} {row.currency}: {reason}")
    return row


def _alternatives(package: Package, start: date, now: datetime, category: str, series: Series = ONE_RUN) -> list[date]:
    """Days near the one that cannot be had, which is none of them."""
    calendar = availability.calendar([package], now=now, category=category)
    return calendar.starts(package, limit=5, after=start + timedelta(days=1), series=series)
