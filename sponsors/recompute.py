"""Add up a sponsor's report from its CSV, and check a frozen one against its hash. Needs Python 3.9 and nothing else.

python recompute.py report.csv [report.json SHA-256]
"""

import csv
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path


def totals(rows: "list[list[str]]") -> "tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]":
    """What counts of each placement, ad day and figure, and what was rejected, from the rows below the head."""
    counted: Counter[tuple[str, ...]] = Counter()
    rejected: Counter[tuple[str, ...]] = Counter()
    for placement, ad_day, figure, _on, verdict, number in rows:
        corrected = verdict.startswith("corrected by hand")
        (counted if verdict == "counted" or corrected else rejected)[placement, ad_day, figure] += int(number)
    return counted, rejected


def in_csv(cell: object) -> str:
    """A cell as the CSV has it, where a text that a spreadsheet would take for a formula has an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else str(cell)


def main(table: str, document: str = "", expected: str = "") -> int:
    with Path(table).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    counted, rejected = totals(rows)
    for key in sorted(counted | rejected):
        print(*key, f"counted {counted[key]}, rejected {rejected[key]}", sep=" · ")
    for figure in sorted({key[2] for key in counted | rejected}):
        sums = [sum(n for key, n in numbers.items() if key[2] == figure) for numbers in (counted, rejected)]
        print(f"All {figure}: counted {sums[0]}, rejected {sums[1]}")
    if document:
        frozen = Path(document).read_bytes()
        same = [[in_csv(cell) for cell in row] for row in json.loads(frozen)["rows"]] == rows
        holds = same and hashlib.sha256(frozen).hexdigest() == expected
        print("The frozen report holds." if holds else "The frozen report does not hold.")
        return 0 if holds else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
