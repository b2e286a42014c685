"""Moving a booking's days, and swapping a day of two bookings: whole or nothing, and told to both sides."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from core import audit, pagecache
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, lock
from sponsors import availability, booking, claims, disclosures, emails
from sponsors.booking import Unavailable
from sponsors.claims import LIVE, Taken
from sponsors.models import Booking, Claim, DisclosureEntry, RunUnit

OVER = "This booking is over, so its days stay where they are."


def movable(row: Booking, *, is_staff: bool = False, now: datetime | None = None) -> list[Claim]:
    """The places whose day can still change: for the sponsor before the cut-off of ads, for staff until it runs."""
    now = now or timezone.now()
    if not row.is_live(now):
        return []
    ahead = booking.ahead_of(row, now) if is_staff else row.claims.filter(state__in=LIVE, unit__cutoff_at__gt=now)
    return list(ahead.select_related("unit__kind").order_by("unit__date", "unit__kind__name", "id"))


def choices(row: Booking, places: Iterable[Claim], now: datetime | None = None) -> dict[int, list[date]]:
    """For each kind (by id) of these places, the days to which one could move."""
    now = now or timezone.now()
    shut = availability.shut_to(row.category, now, but=row)
    free = RunUnit.objects.free(now).filter(kind__in={claim.unit.kind_id for claim in places}).order_by("date")
    found: dict[int, list[date]] = {}
    for kind, channel, day in free.values_list("kind_id", "channel", "date").distinct():
        if (kind, channel, day) not in shut:
            found.setdefault(kind, []).append(day)
    return found


def run_from(row: Booking, places: Iterable[Claim], start: date, now: datetime | None = None) -> dict[int, date]:
    """The days on which the same places would run from another start on: each kind takes the first days that are free.

    Days that the booking itself has count as free. Raises Unavailable.
    """
    places = list(places)
    free = choices(row, places, now)
    wanted: dict[int, date] = {}
    for kind in {claim.unit.kind_id for claim in places}:
        mine = [claim for claim in places if claim.unit.kind_id == kind]
        days = sorted({*free.get(kind, []), *(claim.unit.date for claim in mine)})
        days = [day for day in days if day >= start][: len(mine)]
        if len(days) < len(mine):
            raise Unavailable("Too few days are free from this date on.", [])
        wanted |= {claim.pk: day for claim, day in zip(mine, days, strict=True)}
    return wanted


def move(row: Booking, wanted: Mapping[int, date], *, by: User | None, reason: str = "") -> Booking:
    """Move places of a booking (by the ids of their claims) to other days, all of them or none.

    `by` is None for the sponsor, who may do so before the cut-off of ads; staff say why. Raises TransitionRefused;
    Unavailable, where somebody else has one of the days.
    """
    now, reason = timezone.now(), one_line(reason)[:300]
    if by and not reason:
        raise TransitionRefused("Say why, in words for the sponsor.")
    try:
        with transaction.atomic():
            lock(row, "package")
            changed = _changed(row, wanted, is_staff=by is not None, now=now)
            before = {claim.pk: str(claim.unit) for claim in changed}
            was = _sold_places(row, changed)
            _take(row, changed, wanted, now)
            fresh = Claim.objects.filter(pk__in=before).select_related("unit__kind").order_by("unit__date", "id")
            lines = [f"{before[claim.pk]} → {claim.unit.date:%d %b %Y}" for claim in fresh]
            audit.record("moved", row, by=by or "the sponsor", detail="; ".join([*lines, *filter(None, [reason])]))
            _tell(row, lines, reason, by=by)
            _log(row, was, changed, now)
            pagecache.bump()
    except Taken as taken:
        raise Unavailable(str(taken), []) from None
    return row


def _changed(row: Booking, wanted: Mapping[int, date], *, is_staff: bool, now: datetime) -> list[Claim]:
    """The claims that do move, by day. Raises TransitionRefused for one that cannot."""
    if not row.is_live(now):
        raise TransitionRefused(OVER)
    places = {claim.pk: claim for claim in movable(row, is_staff=is_staff, now=now)}
    if late := [pk for pk in wanted if pk not in places and not _is_where(row, pk, wanted[pk])]:
        stays = row.claims.filter(pk__in=late).select_related("unit__kind").first()
        raise TransitionRefused(f"{stays or 'One of the places'} can no longer move: its time for changes is over.")
    changed = [claim for pk, claim in places.items() if pk in wanted and wanted[pk] != claim.unit.date]
    if not changed:
        raise TransitionRefused("Nothing is to be moved: choose another day for at least one place.")
    return sorted(changed, key=lambda claim: (wanted[claim.pk], claim.unit.kind_id, claim.pk))


def _is_where(row: Booking, pk: int, day: date) -> bool:
    return row.claims.filter(pk=pk, unit__date=day).exists()


def _take(row: Booking, changed: list[Claim], wanted: Mapping[int, date], now: datetime) -> None:
    """Let the old units go and take the new ones, in the order in which everybody takes them."""
    state = Claim.State.CONFIRMED if row.state == Booking.State.CONFIRMED else Claim.State.HELD
    claims.release_lapsed([(wanted[claim.pk], claim.unit.kind_id) for claim in changed], now)
    mine = Claim.objects.filter(pk__in=[claim.pk for claim in changed])
    mine.update(state=Claim.State.RELEASED, exclusive="")
    for claim in changed:
        unit = claims.take_one(claim.unit.kind_id, wanted[claim.pk], now)
        Claim.objects.filter(pk=claim.pk).update(unit=unit, state=state)
    with claims.category_kept():
        claims.mark(row)
    _shorten(row)


def _shorten(row: Booking) -> None:
    """A hold still ends at its first cut-off at the latest."""
    first = row.claims.filter(state=Claim.State.HELD).aggregate(first=Min("unit__cutoff_at"))["first"]
    if row.hold_until and first and first < row.hold_until:
        row.hold_until = first
        row.save(update_fields=["hold_until"])


def swap(mine: Claim, theirs: Claim, *, by: User, reason: str) -> None:
    """Exchange the days of two bookings in one kind of place. Raises TransitionRefused."""
    now, reason = timezone.now(), one_line(reason)[:300]
    if not reason:
        raise TransitionRefused("Say why, in words for both sponsors.")
    try:
        with transaction.atomic():
            rows = _locked_pair(mine, theirs, now)
            lines = {mine.booking_id: f"{mine.unit} → {theirs.unit.date:%d %b %Y}"}
            lines[theirs.booking_id] = f"{theirs.unit} → {mine.unit.date:%d %b %Y}"
            before = [(row, _sold_places(row, [mine, theirs])) for row in rows]
            _exchange(rows, mine, theirs)
            for row in rows:
                detail = f"{lines[row.pk]}; {reason}"
                audit.record("swapped a day of", row, by=by, detail=detail)
                _tell(row, [lines[row.pk]], reason, by=by)
            for row, was in before:
                _log(row, was, [mine, theirs], now)
            pagecache.bump()
    except Taken as taken:
        raise TransitionRefused(str(taken)) from None


def _locked_pair(mine: Claim, theirs: Claim, now: datetime) -> list[Booking]:
    """Both bookings, locked in the order of their ids, with claims as they are by now."""
    if mine.booking_id == theirs.booking_id:
        raise TransitionRefused("Both days are of this booking. Move them instead.")
    ids = sorted({mine.booking_id, theirs.booking_id})
    rows = list(Booking.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    for row, claim in ((row, claim) for row in rows for claim in (mine, theirs) if claim.booking_id == row.pk):
        claim.refresh_from_db(from_queryset=Claim.objects.select_related("unit__kind"))
        if claim.pk not in {each.pk for each in movable(row, is_staff=True, now=now)}:
            raise TransitionRefused(f"{claim.unit} of {row.name} can no longer move.")
    if mine.unit.kind_id != theirs.unit.kind_id or mine.unit.channel != theirs.unit.channel:
        raise TransitionRefused("Only days of the same place can be swapped.")
    return rows


def _exchange(rows: list[Booking], mine: Claim, theirs: Claim) -> None:
    """Through a moment in which neither is live, since a unit has one live claim at every moment."""
    both = Claim.objects.filter(pk__in=[mine.pk, theirs.pk])
    both.update(state=Claim.State.RELEASED, exclusive="")
    Claim.objects.filter(pk=mine.pk).update(unit=theirs.unit)
    Claim.objects.filter(pk=theirs.pk).update(unit=mine.unit)
    for row in rows:
        state = Claim.State.CONFIRMED if row.state == Booking.State.CONFIRMED else Claim.State.HELD
        both.filter(booking=row).update(state=state)
    with claims.category_kept():
        for row in rows:
            claims.mark(row)
    for row in rows:
        _shorten(row)


def _sold_places(row: Booking, moved: Iterable[Claim]) -> list[str]:
    """Those of a booking in the words of the public log, which knows of what is sold."""
    ids = [claim.pk for claim in moved if claim.booking_id == row.pk]
    return disclosures.placements(row.claims.filter(pk__in=ids)) if row.state == Booking.State.CONFIRMED else []


def _log(row: Booking, was: list[str], moved: Iterable[Claim], now: datetime) -> None:
    """Tell the public log what went and what came: last of all, since its lock keeps all others waiting."""
    if was:
        disclosures.append_lines(DisclosureEntry.Kind.CANCELLED, row, was, at=now)
        disclosures.append_lines(DisclosureEntry.Kind.BOOKED, row, _sold_places(row, moved), at=now)


def _tell(row: Booking, lines: list[str], reason: str, *, by: User | None) -> None:
    who = "We moved" if by else "You moved"
    why = [f"The reason: {reason}"] if reason else []
    emails.letter(
        "days_moved",
        row,
        subject=f"New days for your {row.snapshot['name']} package",
        heading="Your days have changed",
        paragraphs=[f"{who} these places of the {row.snapshot['name']} package. The others stay as they are.", *why],
        lines=lines,
        buttons=[("See your days", settings.SITE_URL + row.portal_path)],
    )
    page = settings.SITE_URL + reverse("admin:sponsors_booking_overview", args=[row.pk])
    emails.letter(
        "days_moved_to_us",
        row,
        subject=f"{row.name}: days moved",
        heading=f"Days of {row.name} have changed",
        paragraphs=[f"{by or 'The sponsor'} moved places of the {row.snapshot['name']} package.", *why],
        lines=lines,
        buttons=[("The booking", page)],
        to_us=True,
    )
