"""The rows of a CSV file with their line numbers. A broken row spoils no other; a truncated file is recognised."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from articles.importing.posts import ImportRefused

LOOK_AHEAD = 5_000


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the lines it spans, and its cells or the reason why it could not be read."""

    first: int
    last: int
    cells: tuple[str, ...] = ()
    problem: str = ""

    @property
    def where(self) -> str:
        return f"line {self.first}" if self.first == self.last else f"lines {self.first}–{self.last}"


def read_rows(text: str, looks_right: Callable[[list[str], list[str]], bool]) -> tuple[list[str], list[Row]]:
    """The header and the rows of a CSV text. `looks_right(header, cells)` tells a complete row from a fragment.

    Raises ImportRefused if there are no rows, or if the text ends in the middle of one.
    """
    # Not splitlines(): cells may contain other characters that Python takes for line ends.
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    csv.field_size_limit(1 << 30)
    start = next((at for at, line in enumerate(lines) if line.strip(" \t\r\n,;")), None)
    if start is None:
        raise ImportRefused("The file is empty.")
    delimiter = _delimiter(lines[start])
    header, at, problem = _record(lines, start, delimiter)
    if problem:
        raise ImportRefused(f"Line {start + 1}, the row of column names, is broken: {problem}.")
    header = [name.strip() for name in header]
    rows = list(_rows(lines, at, header, delimiter, looks_right))
    if not rows:
        raise ImportRefused("The file has column names but no rows.")
    return header, rows


def _rows(
    lines: list[str], at: int, header: list[str], delimiter: str, looks_right: Callable[[list[str], list[str]], bool]
) -> Iterator[Row]:
    while at < len(lines):
        cells, end, problem = _record(lines, at, delimiter)
        if not problem and not any(cell.strip() for cell in cells):
            at = end
            continue
        if not problem and len(cells) == len(header):
            if end == len(lines) and not lines[-1].endswith(("\n", "\r")) and re.search(r"<[a-z/][^<>]*$", cells[-1]):
                raise ImportRefused(_CUT_OFF.format(at + 1, "its last cell stops within a tag"))
            yield Row(at + 1, end, tuple(cells))
            at = end
            continue
        problem = problem or f"it has {len(cells)} columns where the header has {len(header)}"
        resumed = _next_whole(lines, at, end, header, delimiter, looks_right)
        cut = end == len(lines) and resumed is None and (problem == _UNCLOSED or not lines[-1].endswith(("\n", "\r")))
        if cut and (problem == _UNCLOSED or len(cells) < len(header)):
            raise ImportRefused(_CUT_OFF.format(at + 1, problem))
        end = resumed if resumed is not None else end
        yield Row(at + 1, end, problem=problem)
        at = end


_CUT_OFF = (
    "The file ends in the middle of the row that starts at line {} ({}): it was cut off. "
    "Nothing was imported; export it again."
)
_UNCLOSED = "a quotation mark is never closed"


def _record(lines: list[str], at: int, delimiter: str, most: int | None = None) -> tuple[list[str], int, str]:
    """The record that starts at a line, the number of the line after it, and what is wrong with it."""
    taken: list[str] = []
    quotes = 0
    for end in range(at, len(lines) if most is None else min(len(lines), at + most)):
        taken.append(lines[end])
        quotes += lines[end].count('"')
        if quotes % 2 == 0:
            break
    else:
        return [], len(lines), _UNCLOSED
    source = "".join(taken)
    try:
        cells = next(csv.reader([source], delimiter=delimiter, strict=True), [])
    except csv.Error:
        # A quotation mark in the middle of an unquoted cell is sloppy, but its meaning is clear.
        sloppy = _sloppy(source, delimiter) if len(taken) == 1 else None
        return (sloppy, end + 1, "") if sloppy else ([], end + 1, "its quotes do not match")
    return [cell.replace("\r\n", "\n") for cell in cells], end + 1, ""


def _sloppy(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line with stray quotation marks, or None if it makes no sense."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return None
    return cells if '"' in "".join(cells) else None


def _next_whole(
    lines: list[str],
    at: int,
    end: int,
    header: list[str],
    delimiter: str,
    looks_right: Callable[[list[str], list[str]], bool],
) -> int | None:
    """The first line after a broken row at which a complete one starts, if there is one before `end`."""
    for candidate in range(at + 1, min(end, at + LOOK_AHEAD)):
        cells, _, problem = _record(lines, candidate, delimiter, most=200)
        if not problem and len(cells) == len(header) and looks_right(header, cells):
            return candidate
    return None


def _delimiter(line: str) -> str:
    bare = re.sub(r'"[^"]*"', "", line)
    return max(",;\t", key=bare.count)
