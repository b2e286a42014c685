"""The rows of a CSV file, whatever its encoding and separator: the good ones to take, the bad ones named by line and reason."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from newsletter.subscribers.importing.columns import is_known_header
from newsletter.subscribers.importing.verdicts import normal

SEPARATORS = (",", ";", "\t", "|")
SAMPLE = 1 << 16
SAMPLE_ROWS = 3
LINES_AT_ONCE = 20_000
LONGEST_RECORD = 1 << 20
MOST_LINES = 500  # of one record, whose cells may hold line ends
NAMES = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
_QUOTE_OPENS = {separator: re.compile(f'(^|{re.escape(separator)})"') for separator in SEPARATORS}


class ImportFailure(Exception):
    """The file cannot be read at all; the text says why. Nothing was imported. `header` has its columns, if they were found, `sample` first rows."""

    header: tuple[str, ...] = ()
    sample: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not taken, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. `header` is empty where its first line is a row already."""

    encoding: str
    separator: str
    header: tuple[str, ...]
    lines_before: int

    def in_words(self) -> str:
        separator = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}[self.separator]
        return f"{NAMES.get(self.encoding, 'Latin-1')}, {separator} between cells"


def layout_of(path: Path, *, email: str = "") -> Layout:
    """Find out how a file is written, whose column of addresses may bear another name. Raises ImportFailure."""
    try:
        encoding = _encoding_of(path)
        with path.open(encoding=encoding, errors="replace") as file:
            lines = list(islice(file, MOST_LINES))
    except OSError as error:
        raise ImportFailure(f"{path}: {error.strerror or error}") from None
    skipped = 0
    while lines and (not lines[0].strip() or re.fullmatch(r'"?sep=.?"?\s*', lines[0], re.IGNORECASE)):
        lines.pop(0)  # Excel's own first line, or nothing
        skipped += 1
    if not lines:
        raise ImportFailure(f"{path}: the file is empty; no column is named email.")
    return _header(path, encoding, lines, skipped, email)


def _header(path: Path, encoding: str, lines: list[str], skipped: int, email: str) -> Layout:
    splits = {separator: next(csv.reader(lines, delimiter=separator), []) for separator in SEPARATORS}
    is_named = is_known_header if not email else lambda name: normal(name) == normal(email)
    found = [(len(cells), separator) for separator, cells in splits.items() if any(map(is_named, cells))]
    if found:
        separator = max(found)[1]
        return Layout(encoding, separator, tuple(splits[separator]), skipped + _lines_of_header(lines, separator))
    if "@" in lines[0] and not email:
        separator = max(SEPARATORS, key=lambda each: sum("@" not in cell for cell in splits[each]))
        return Layout(encoding, separator, (), skipped)
    separator = max(SEPARATORS, key=lambda each: len(splits[each]))
    header = splits[separator]
    wanted = email or "email, or as other systems call it"
    failure = ImportFailure(f"{path}: no column is named {wanted}. It has: {', '.join(header)}")
    failure.header = tuple(header)
    failure.sample = list(islice(csv.reader(lines, delimiter=separator), 1, SAMPLE_ROWS + 1))
    raise failure


def _lines_of_header(lines: list[str], separator: str) -> int:
    reader = csv.reader(lines, delimiter=separator)
    next(reader)
    return reader.line_num


def _encoding_of(path: Path) -> str:
    """That of the byte order mark, UTF-16 by its zeros, UTF-8 if all of it is; else what Windows or Latin-1 make of it."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
        if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        for start, encoding in (1, "utf-16-le"), (0, "utf-16-be"):
            if len(sample) > 3 and sample[start::2].count(0) > len(sample) * 0.4:
                return encoding
    try:
        with path.open(encoding="utf-8") as text:
            while text.read(SAMPLE << 4):
                pass
        return "utf-8-sig"
    except UnicodeDecodeError:
        pass
    unused = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])  # in Windows-1252
    return "latin-1" if set(unused) & set(sample) else "cp1252"


def records(path: Path, layout: Layout) -> Iterator[tuple[int, list[str] | BadRow]]:
    """The rows with the numbers of their first lines; blank lines are none."""
    with path.open(encoding=layout.encoding, errors="replace") as file:
        number = layout.lines_before
        for _ in range(number):
            next(file, None)
        waiting: list[str] = []
        while lines := waiting + list(islice(file, LINES_AT_ONCE)):
            ended = len(lines) - len(waiting) < LINES_AT_ONCE
            waiting = []
            if not any('"' in line or len(line) > LONGEST_RECORD for line in lines):
                for offset, cells in enumerate(
                    csv.reader(lines, delimiter=layout.separator, quoting=csv.QUOTE_NONE), 1
                ):
                    if cells:
                        yield number + offset, cells
                number += len(lines)
                continue
            at = 0
            while at < len(lines):
                if not ended and len(lines) - at < MOST_LINES:
                    waiting = lines[at:]
                    break
                taken, found = _record(lines, at, layout.separator)
                if found:
                    yield number + at + 1, found
                at += taken
            number += at


def _record(lines: list[str], at: int, separator: str) -> tuple[int, list[str] | BadRow | None]:
    """The record that begins at a line, and over how many lines it goes."""
    text, taken = lines[at], 1
    quotes = text.count('"')
    while quotes % 2 and taken < MOST_LINES and at + taken < len(lines) and len(text) < LONGEST_RECORD:
        text += lines[at + taken]
        quotes += lines[at + taken].count('"')
        taken += 1
    if quotes % 2:  # so the mark is no cell's, or is not closed: the lines after it are rows of their own
        text, taken = lines[at], 1
        if _QUOTE_OPENS[separator].search(text):
            return 1, BadRow("a quotation mark is opened and not closed")
    if len(text) > LONGEST_RECORD:
        return taken, BadRow(f"it is longer than {LONGEST_RECORD:,} characters")
    if not text.strip():
        return taken, None
    try:
        return taken, next(csv.reader(text.splitlines(keepends=True), delimiter=separator), None)
    except csv.Error as error:
        return taken, BadRow(str(error))
