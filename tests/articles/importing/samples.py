"""Exports written for the tests."""

import csv
import io

WEBFLOW_COLUMNS = [
    "Name", "Slug", "Collection ID", "Item ID", "Archived", "Draft", "Created On", "Updated On", "Published On",
    "Post Summary", "Category", "Author", "Post Body",
]  # fmt: skip
_DAY = "Mon Mar 03 2025 09:30:00 GMT+0000 (Coordinated Universal Time)"


def webflow_row(name: str = "A plain post", **cells: str) -> dict[str, str]:
    """One row of a Webflow export."""
    row = dict.fromkeys(WEBFLOW_COLUMNS, "") | {"Name": name, "Slug": name.lower().replace(" ", "-")}
    row |= {"Item ID": f"{sum(map(ord, name)):024x}", "Archived": "false", "Draft": "false", "Published On": _DAY}
    return row | {"Category": "field-notes", "Author": "ada-lund", "Post Body": "<p>Words of the post.</p>"} | cells


def csv_of(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
