"""Rows of a CSV export whose columns have known names."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from articles.importing.decoding import decode
from articles.importing.posts import ImportRefused, PostRefused
from articles.importing.webflow.csv_rows import Row, read_rows


@dataclass(frozen=True, slots=True)
class Record:
    """One row: where it is, and its cells by the names of their columns in small letters."""

    where: str
    cells: dict[str, str]
    problem: str = ""

    def get(self, *names: str) -> str:
        """The first of these columns that says something. Raises PostRefused where the row cannot be read."""
        if self.problem:
            raise PostRefused(f"The row cannot be read: {self.problem}.")
        return next((value for name in names if (value := self.cells.get(name, "").strip())), "")


def records(data: bytes, encoding: str | None = None) -> list[Record]:
    """The rows of a CSV file. Raises ImportRefused."""
    text, _ = decode(data, encoding)
    header, rows = read_rows(text, lambda _, cells: bool(cells[0].strip()))
    names = [plain(name) for name in header]
    return list(_records(names, rows))


def _records(names: list[str], rows: list[Row]) -> Iterator[Record]:
    for row in rows:
        yield Record(row.where, dict(zip(names, row.cells, strict=False)), row.problem)


def plain(name: str) -> str:
    """A column's name without capitals and with one underscore between words."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def columns_of(head: bytes) -> set[str]:
    """The names of the columns of what may be a CSV file, from its first bytes."""
    try:
        text, _ = decode(head[: head.rfind(b"\n")] if b"\n" in head else head)
    except ImportRefused:
        return set()
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    try:
        return {plain(name) for name in next(csv.reader([first], delimiter=delimiter), [])} - {""}
    except csv.Error:
        return set()
