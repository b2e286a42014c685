"""Dates and truth values, read from the words and numbers in which exports write them."""

import re
from datetime import UTC, date, datetime, time

from dateutil import parser

from articles.importing.posts import ConversionNotes, PostRefused
from core.lib.text import one_line

# Time zones that RFC 5322 knows by name, in hours from UTC. Any other name would be a guess.
_ZONES = {"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}  # fmt: skip
# Two dates that share the first day of a month alone: a text that reads differently beside each says too little.
_DEFAULTS = (datetime(1904, 1, 1), datetime(2008, 2, 1))  # noqa: DTZ001 - the zone is added where the text has none
# What dateutil does not know: JavaScript's "GMT+0100 (Central European Time)", "8th" and "at".
_DECORATION = re.compile(r"\s*\(.*\)$|(?:GMT|UTC)(?=\s*[+-]\d)|\bat\b|(?<=\d)(?:st|nd|rd|th)\b")
_DASHED_TIME = re.compile(r"(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)")


def moment(value: object, what: str = "date") -> datetime | None:
    """A point in time, or None if there is no value. A time without a zone is taken as UTC.

    Raises PostRefused for a value that is no date, or an ambiguous one such as 03/04/2025.
    """
    if isinstance(value, datetime):
        return _in_range(value)
    if isinstance(value, date):
        return _in_range(datetime.combine(value, time()))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(float(value), what)
    text = " ".join(str(value or "").split())
    if not text or text.lower() in ("null", "none", "undefined", "0000-00-00 00:00:00", "0000-00-00"):
        return None
    if re.fullmatch(r"\d{9,14}(?:\.\d+)?", text):
        return _from_number(float(text), what)
    try:
        return _in_range(_from_text(text))
    except (ValueError, OverflowError):
        raise PostRefused(
            f"The {what} “{text[:60]}” is not one we can read: write it as 2025-01-31 or 2025-01-31T14:00:00Z."
        ) from None


def moment_or_none(value: object, notes: ConversionNotes, what: str = "date") -> datetime | None:
    """A point in time, or None for a value that cannot be read, which is reported."""
    try:
        return moment(value, what)
    except PostRefused:
        notes.lost[f"the {what} “{one_line(str(value))[:60]}”, which cannot be read"] += 1
        return None


def _from_text(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _written_out(_DASHED_TIME.sub(r"\1 \2:\3", _DECORATION.sub("", text)))


def _written_out(text: str) -> datetime:
    """A date as people and programs write it, if there is only one way to read it."""
    if re.match(r"\d{4}", text):
        day_first = [False]
    elif re.match(r"\d{1,2}\.\d", text):
        day_first = [True]
    else:
        day_first = [False, True]
    found = {
        parser.parse(text, default=default, dayfirst=first, tzinfos=_offset)
        for default in _DEFAULTS
        for first in day_first
    }
    only = found.pop()
    if found or str(only.year) not in text:
        raise ValueError(text)
    return only


def _offset(name: str | None, seconds: int | None) -> int | None:
    """The seconds that a time zone is ahead of UTC. Raises ValueError for a name that is not known."""
    if seconds is not None or name is None:
        return seconds
    if name not in _ZONES:
        raise ValueError(name)
    return _ZONES[name] * 3600


def _from_number(number: float, what: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    if number == 0:
        return None
    try:
        return _in_range(datetime.fromtimestamp(number / 1000 if abs(number) > 10**11 else number, UTC))
    except (OverflowError, ValueError, OSError):
        raise PostRefused(f"The {what} {number:g} is not one we can read.") from None


def _in_range(found: datetime) -> datetime:
    if not 1900 <= found.year <= 2200:
        raise PostRefused(f"The date {found:%Y-%m-%d} is out of range: the year must lie between 1900 and 2200.")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def truth(value: object) -> bool:
    """Whether a value means yes."""
    return str(value or "").strip().lower() in ("true", "yes", "y", "1", "on", "x", "✓", "ja", "si", "sí", "oui")
