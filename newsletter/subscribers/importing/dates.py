"""Dates as other systems write them. What is not known stays unknown: nothing is guessed, and no date is that of the import.

A date such as 04/11/2023 has two readings. Both are kept until the whole file has been read, since any 13/11/2023 among
them says which one the file means.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from dateutil import parser

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)? ?(UTC|GMT|Z|[+-]\d\d(?::?\d\d)?)?"
)
_NUMBERS = re.compile(
    r"(\d{1,4})([/.-])(\d\d?)\2(\d{4}|\d\d?)(?:,?[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?)?(?: ?(?:UTC|GMT|Z))?"
)
_EPOCH = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{13})|(\d{16})")
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", re.IGNORECASE)
_ZONES = {"UTC": 0, "GMT": 0, "EST": -18000, "EDT": -14400, "CST": -21600, "CDT": -18000}
_ZONES |= {"MST": -25200, "MDT": -21600, "PST": -28800, "PDT": -25200, "CET": 3600, "CEST": 7200}


@dataclass(frozen=True, slots=True)
class Reading:
    """A date: `at`, and `month_first` where the text can be read both ways. Or, in `problem`, why it is none."""

    at: datetime | None = None
    month_first: datetime | None = None
    problem: str = ""
    day_leads: bool | None = None  # what this text says about the others


NOTHING = Reading()


@dataclass(slots=True)
class Order:
    """Which comes first in a file's dates, the day or the month, as far as they or whoever imports them say."""

    told: str = ""  # day-first or month-first
    seen: set[bool] = field(default_factory=set)

    @property
    def is_day_first(self) -> bool | None:
        """None if it cannot be told."""
        if self.told:
            return self.told == "day-first"
        return next(iter(self.seen)) if len(self.seen) == 1 else None


@lru_cache(maxsize=65_536)
def read(text: str, latest: datetime) -> Reading:
    """Read a date that must not be later than `latest`. Without a zone it is UTC; without a time, that day's beginning."""
    text = text.strip()
    if not text:
        return NOTHING
    try:
        found = _read(text)
    except (ValueError, OverflowError):
        return Reading(problem=f"“{text[:40]}” is no date")
    times = [each for each in (found.at, found.month_first) if each and EARLIEST <= each <= latest]
    if not times:
        if found.at:
            where = "in the future" if found.at > latest else f"before {EARLIEST.year}"
            return Reading(problem=f"“{text[:40]}” lies {where}")
        return Reading(problem=f"“{text[:40]}” is no date that can be read")
    if len(times) == 1:
        return Reading(times[0], day_leads=found.day_leads)
    return found


def _read(text: str) -> Reading:
    if match := _ISO.fullmatch(text):
        return Reading(_iso(match))
    if match := _EPOCH.fullmatch(text):
        seconds, milliseconds, microseconds = (int(part or 0) for part in match.groups())
        since = timedelta(seconds=seconds, milliseconds=milliseconds, microseconds=microseconds)
        return Reading(datetime(1970, 1, 1, tzinfo=UTC) + since)
    if match := _NUMBERS.fullmatch(text):
        return _numbers(match)
    if _MONTH.search(text) and re.search(r"\b\d{4}\b", text):
        found = parser.parse(text, default=datetime(1, 1, 1), tzinfos=_ZONES)  # noqa: DTZ001
        return Reading(found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC))
    return NOTHING


def _iso(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    found = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, UTC)
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        found = found - ahead if zone[0] == "+" else found + ahead
    return found


def _numbers(match: re.Match[str]) -> Reading:
    first, separator, middle, last, hour, minute, second, half = match.groups()
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError("no such hour")
        hours = hours % 12 + (12 if half in "Pp" else 0)
    clock = time(hours, int(minute or 0), int(second or 0))

    def at(year: int, month: int, day: int) -> datetime:
        return datetime.combine(date(year, month, day), clock, UTC)

    if len(first) == 4:
        return Reading(at(int(first), int(middle), int(last)))
    if len(first) > 2 or len(last) == 1:
        return NOTHING
    a, b, year = int(first), int(middle), int(last) + (2000 if len(last) == 2 else 0)
    if separator == "." or a > 12 or a == b:
        return Reading(at(year, b, a), day_leads=None if a == b or separator == "." else True)
    if b > 12:
        return Reading(at(year, a, b), day_leads=False)
    return Reading(at(year, b, a), at(year, a, b))
