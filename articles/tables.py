"""Tables pasted as CSV with commas, semicolons or tabs: to cells and back."""

import csv
import io
import re
from collections import Counter


def rows_of(text: str) -> list[list[str]]:
    """The cells of pasted CSV. Its separator is the one that splits every row into the same number of cells."""
    tables = {mark: _parted(text, mark) for mark in "\t,;" if mark in text}
    regular = [mark for mark, rows in tables.items() if _regularity(rows) == 1]
    if {",", ";"} <= set(regular) and re.search(r"\d,\d", text) and not re.search(r"\D,|,\D", text):
        regular.remove(",")  # all commas are decimal commas
    if regular:
        return tables[regular[0]]
    return max(tables.values(), key=_regularity, default=_parted(text, ","))


def _parted(text: str, mark: str) -> list[list[str]]:
    rows = csv.reader(io.StringIO(text), delimiter=mark, strict=False)
    return [[cell.replace("\t", " ").strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


def _regularity(rows: list[list[str]]) -> float:
    """The share of rows that have the most common number of cells; 0 if that is one."""
    widths = Counter(map(len, rows))
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    return count / len(rows) if width > 1 else 0


def csv_of(rows: list[list[str]]) -> str:
    """The same cells as canonical CSV, quoted where a cell could be read as several."""
    return "\n".join(",".join(map(_cell, row)) for row in rows)


def _cell(text: str) -> str:
    text = text.replace("\t", " ")  # a tab always separates cells
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",;\r\n]', text) else text
