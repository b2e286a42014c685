"""Time zones: the newsroom's and those to choose from, moments in words, and which moments a clock's time stands for.

Moments are stored in UTC. Readers' pages and mails show them in the newsroom's zone (TIME_ZONE), staff pages in the zone
that core.zones activates. A day of ads and of figures is a day of UTC, wherever the newsroom is; a briefing carries the ads of
the day on which it leaves, in its newsletter's zone.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils import dateformat, timezone

# Folders of the time zone database with regions of the world; the others hold aliases and offsets.
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
HOURS = frozenset("HGhgP")  # format characters that show a time, which says little without its zone


@lru_cache
def _every() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache
def names() -> tuple[str, ...]:
    """The zones to choose from, in order: UTC, then regions and their cities."""
    return ("UTC", *sorted(name for name in _every() if name.split("/")[0] in REGIONS))


def choices() -> list[tuple[str, str]]:
    """The zones for a form, after the newsroom's own."""
    return [("", f"The newsroom's ({settings.TIME_ZONE})"), *((name, name.replace("_", " ")) for name in names())]


def newsroom() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def current() -> ZoneInfo:
    """The zone in which this page shows moments."""
    zone = timezone.get_current_timezone()
    return zone if isinstance(zone, ZoneInfo) else newsroom()


def zone_named(name: str) -> ZoneInfo:
    """The zone of this name; the newsroom's for none, or for one that the database of zones no longer has."""
    return ZoneInfo(name) if name in _every() else newsroom()


def utc_day() -> date:
    """Today, as ads and figures count days."""
    return datetime.now(UTC).date()


def start_of(day: date) -> datetime:
    """The moment at which such a day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def in_words(moment: datetime, form: str = "j F Y, H:i", zone: ZoneInfo | None = None) -> str:
    """A moment as the current zone (or another) has it, with the zone if its time is shown: 3 May 2026, 14:00 CEST."""
    local = moment.astimezone(zone or timezone.get_current_timezone())
    words = dateformat.format(local, form)
    return f"{words} {abbreviation(local)}" if HOURS & set(form) else words


def abbreviation(local: datetime) -> str:
    """The name of a moment's zone at that time: CEST, or UTC-03 where it has no letters of its own."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in ("+", "-") else name


def moments_of(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """The moments at which clocks in a zone show this time, in order.

    There is one; in the nights of daylight saving there may be none, or two.
    """
    try:
        found = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        return sorted({moment for moment in found if moment.astimezone(zone).replace(tzinfo=None, fold=0) == local})
    except OverflowError:  # at the very ends of the calendar
        return []


def next_time(moment: datetime, weekdays: Collection[int], at: time, zone: ZoneInfo) -> datetime | None:
    """The first moment after another at which clocks in a zone show a time on one of these weekdays; None without any.

    Of a time that clocks show twice it is the first; a time that they skip is as much later as they are set forward.
    """
    first = moment.astimezone(zone).date()
    days = (first + timedelta(days=ahead) for ahead in range(9))
    found = (datetime.combine(day, at, tzinfo=zone).astimezone(UTC) for day in days)
    return next((each for each in found if each > moment and each.astimezone(zone).weekday() in weekdays), None)
