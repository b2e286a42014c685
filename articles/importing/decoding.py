"""From the bytes of an export to its text, and from its words to dates and truth values."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from articles.importing.posts import ImportRefused, Notes, PostRefused, one_line

MAX_FILE = 512 * 1024 * 1024
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and the encoding it was read in. A file that does not say what it is must be UTF-8."""
    if len(data) > MAX_FILE:
        raise ImportRefused(
            f"The file is {len(data) >> 20} MB; at most {MAX_FILE >> 20} MB can be read at once. Split it."
        )
    if not encoding:
        encoding = (
            next((name for mark, name in _MARKS if data.startswith(mark)), None) or _silent_utf16(data) or "utf-8"
        )
    try:
        return data.decode(encoding), encoding
    except LookupError:
        raise ImportRefused(f"There is no encoding called “{encoding}”.") from None
    except UnicodeDecodeError as error:
        raise ImportRefused(_explain(data, encoding, error)) from None


def _silent_utf16(data: bytes) -> str | None:
    """UTF-16 without its mark shows as a zero in every second byte of Western text."""
    head = data[:2000]
    for name, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if (
            len(head) > 20
            and head[offset::2].count(0) > 0.4 * len(head)
            and head[1 - offset :: 2].count(0) < 0.05 * len(head)
        ):
            return name
    return None


def _explain(data: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    message = f"Line {line}: byte 0x{data[error.start]:02x} is not {encoding.upper()}, so the file is not in that encoding. Nothing was imported."
    for guess in ("cp1252", "latin-1"):
        try:
            around = data[max(error.start - 20, 0) : error.start + 20].decode(guess)
        except UnicodeDecodeError:
            continue
        return f"{message} Read as {guess} it says “…{' '.join(around.split())}…”: if that is right, run again with --encoding {guess}, or save the file as UTF-8."
    return message


_JAVASCRIPT = re.compile(r"^\w{3} (\w{3}) (\d{1,2}) (\d{4}) (\d\d):(\d\d):(\d\d)(?: GMT)?([+-]\d{4})?")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
_FORMATS = (
    "%b %d %Y", "%B %d %Y", "%a, %b %d, %Y", "%A, %B %d, %Y", "%d %B, %Y", "%d-%b-%Y", "%b %d %Y %H:%M", "%B %Y", "%b %Y", "%Y-%m", "%d-%m-%Y", "%Y-%m-%d-%H-%M",
    "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y %I:%M %p",
    "%b %d, %Y %I:%M %p", "%B %d, %Y %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %I:%M %p", "%Y%m%d",
)  # fmt: skip


def moment(value: object, what: str = "date") -> datetime | None:
    """A point in time from any of the ways in which exports write one; None where there is nothing.

    A time without a zone is taken as UTC. Raises PostRefused for what cannot be understood, or only by guessing (03/04/2025).
    """
    if isinstance(value, datetime):
        return _in_range(value if value.tzinfo else value.replace(tzinfo=UTC), value)
    if hasattr(value, "isoformat"):
        return datetime.fromisoformat(value.isoformat()).replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(float(value), what)
    text = " ".join(str(value or "").split())
    if not text or text.lower() in ("null", "none", "undefined", "0000-00-00 00:00:00", "0000-00-00"):
        return None
    if re.fullmatch(r"\d{9,14}(?:\.\d+)?", text):
        return _from_number(float(text), what)
    found = _from_text(text)
    if found is None:
        raise PostRefused(
            f"The {what} “{text[:60]}” is not one we can read: write it as 2025-01-31 or 2025-01-31T14:00:00Z."
        )
    return _in_range(found if found.tzinfo else found.replace(tzinfo=UTC), text)


def moment_or_none(value: object, notes: Notes, what: str = "date") -> datetime | None:
    """A point in time, or None for what cannot be understood, which is reported."""
    try:
        return moment(value, what)
    except PostRefused:
        notes.left[f"the {what} “{one_line(str(value))[:60]}”, which cannot be read"] += 1
        return None


def _from_text(text: str) -> datetime | None:
    if match := _JAVASCRIPT.match(text):
        month, day, year, hour, minute, second, zone = match.groups()
        offset = (
            timedelta(0)
            if not zone
            else (1 if zone[0] == "+" else -1) * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
        )
        try:
            return datetime(
                int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=timezone(offset)
            )
        except (KeyError, ValueError):
            return None
    for reader in (datetime.fromisoformat, _iso_with_gaps, _formatted, _slashed, parsedate_to_datetime):
        try:
            return reader(text)
        except (ValueError, TypeError, IndexError):
            continue
    return None


def _iso_with_gaps(text: str) -> datetime:
    """2025-01-31 14:00:00 +0100 and 2025-01-31 14:00:00 UTC."""
    return datetime.fromisoformat(re.sub(r" (?=[+-]\d{2}:?\d{2}$)", "", text.removesuffix(" UTC")))


def _formatted(text: str) -> datetime:
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text.replace(" at ", " "))
    for form in _FORMATS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added below, where the text has none
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    raise ValueError(text)


def _slashed(text: str) -> datetime:
    """01/31/2025 and 31/01/2025, where only one reading is possible."""
    match = re.fullmatch(
        r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,? (\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AaPp])\.?[Mm]\.?)?)?", text
    )
    if not match:
        raise ValueError(text)
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    if first <= 12 and second <= 12 and first != second:
        raise ValueError("either order is possible")
    month, day = (first, second) if first <= 12 else (second, first)
    hour = int(match[4] or 0)
    if match[7]:
        hour = hour % 12 + (12 if match[7] in "pP" else 0)
    return datetime(year, month, day, hour, int(match[5] or 0), int(match[6] or 0), tzinfo=UTC)


def _from_number(number: float, what: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    if number == 0:
        return None
    try:
        return _in_range(datetime.fromtimestamp(number / 1000 if abs(number) > 10**11 else number, UTC), number)
    except (OverflowError, ValueError, OSError):
        raise PostRefused(f"The {what} {number:g} is not one we can read.") from None


def _in_range(found: datetime, value: object) -> datetime:
    if not 1900 <= found.year <= 2200:
        raise PostRefused(f"The date “{value}” is in the year {found.year}.")
    return found.astimezone(UTC)


def truth(value: object) -> bool:
    """Whether a cell says yes."""
    return str(value or "").strip().lower() in ("true", "yes", "y", "1", "on", "x", "✓", "ja", "si", "sí", "oui")
