"""The start page's widgets on ads: booking requests, ads to approve, and the coming days."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from core.lib import clock
from core.lib.dashboard import Line, Widget, register
from sponsors import approval, flags
from sponsors.models import Booking, Claim, CreativeVersion, Flag, MakeGood, RunUnit

SHOWN = 6
AHEAD = timedelta(days=7)


def bookings(_user: Any) -> Widget:
    """Bookings that are held, the first to run out on top."""
    held = Booking.objects.filter(
        state=Booking.State.HELD, hold_until__gt=timezone.now(), address_confirmed_at__isnull=False
    )
    rows = held.select_related("sponsor").order_by("hold_until")[:SHOWN]
    lines = [
        Line(
            text=f"{row.name}, {row.snapshot['name']}",
            url=reverse("admin:sponsors_booking_overview", args=[row.pk]),
            label=row.price_text,
            note="held until",
            at=row.hold_until,
        )
        for row in rows
    ]
    links = [("Ads today", reverse("admin:sponsors_overview")), ("Media kit", reverse("sponsors:media-kit"))]
    if owed := MakeGood.objects.filter(state=MakeGood.State.OPEN).count():
        page = f"{reverse('admin:sponsors_makegood_changelist')}?state__exact=open"
        links.append((f"{owed} day{'' if owed == 1 else 's'} to make good", page))
    return Widget(lines=lines, empty="No booking request is open.", links=links)


def creatives(user: Any) -> Widget:
    """The latest versions, submitted by others, that nobody has judged in a role that the user has."""
    rows = approval.waiting_for(user).select_related("creative__booking", "creative__kind", "submitted_by")
    lines = [
        Line(
            text=row.headline,
            url=reverse("admin:sponsors_creative_change", args=[row.creative_id]),
            note=f"{row.creative}, from {row.submitter}",
            at=row.submitted_at,
        )
        for row in rows.order_by("submitted_at")[:SHOWN]
    ]
    return Widget(lines=lines, empty="Every ad that others submitted has been reviewed.")


def places(_user: Any) -> Widget:
    """For each day, how many places are taken, and how many of those have no approved ad yet."""
    today = clock.utc_day()
    coming = {"date__gte": today, "date__lt": today + AHEAD}
    days: dict[date, list[bool]] = {}
    for unit in RunUnit.objects.with_taken().filter(**coming).order_by("date"):
        days.setdefault(unit.date, []).append(unit.is_taken)
    missing = _without_ad(today)
    return Widget(
        lines=[_day(day, taken, missing.count(day)) for day, taken in days.items()],
        empty="No places are on sale in the next seven days.",
        links=[
            ("Calendar", reverse("admin:sponsors_rununit_calendar")),
            ("Put days on sale", reverse("admin:sponsors_rununit_open")),
        ],
    )


def _without_ad(today: date) -> list[date]:
    """The days of confirmed claims without an approved ad, one for each claim."""
    approved = CreativeVersion.objects.approved().filter(
        creative__booking=OuterRef("booking"), creative__kind=OuterRef("unit__kind"), creative__retired_at=None
    )
    sold = Claim.objects.filter(state=Claim.State.CONFIRMED, unit__date__gte=today, unit__date__lt=today + AHEAD)
    return list(sold.filter(~Exists(approved)).order_by("unit__date").values_list("unit__date", flat=True))


def named(user: Any) -> Widget:
    """Open flags of what the user decides about, those of what readers see first."""
    nouns = [noun for noun in flags.nouns_seen_by(user) if flags.may_decide(user, noun)]
    waiting = Flag.objects.open().filter(noun__in=nouns)
    rows = list(waiting.select_related("sponsor").order_by("-is_certain", "pk")[:200])
    by_noun: dict[str, list[int]] = {}
    for row in rows:
        by_noun.setdefault(row.noun, []).append(row.about)
    about = {noun: flags.SOURCES[noun].described(keys) for noun, keys in by_noun.items()}
    lines = []
    for row in rows:
        found = about.get(row.noun, {}).get(row.about)
        is_public = bool(found and found.public)
        lines.append(
            Line(
                text=f"{row.sponsor} in “{found.title if found else row.title}”",
                url=reverse("admin:sponsors_flag_change", args=[row.pk]),
                label=("Readers see it" if is_public else "Open") if row.is_certain else "May be an ordinary word",
                tone="bad" if is_public and row.is_certain else "soon",
                note="since",
                at=row.opened_at,
            )
        )
    return Widget(
        lines=sorted(lines, key=lambda line: line.tone != "bad")[:SHOWN],
        empty="Nobody who pays us is named without a decision.",
        links=[("All flags", reverse("admin:sponsors_flag_changelist"))],
    )


def _day(day: date, taken: list[bool], missing: int) -> Line:
    return Line(
        text=f"{day:%A %-d %b}",
        url=f"{reverse('admin:sponsors_rununit_calendar')}?month={day:%Y-%m}",
        note=f"{sum(taken)} of {len(taken)} taken",
        label=f"{missing} without an ad" if missing else "",
        tone="bad",
    )


def register_all() -> None:
    """Register the widgets, each for those who have its permission."""
    register("Booking requests", bookings, permission="sponsors.decide_booking", place=15)
    register("Ads to approve", creatives, permission="sponsors.view_creative", place=25)
    register("Who pays us and is named", named, permission="sponsors.decide_flag", place=12)
    register("Places in the coming days", places, permission="sponsors.view_rununit", place=55)
