"""Rows handed to a statement as one parameter: JSON, which `json_to_recordset(%s) AS name(column type, …)` reads back.

It is far cheaper to write than arrays of PostgreSQL, and each row says by name what stands in it.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def recordset(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of numbers, text, bytes, times, lists of these, and JSON, to be given to `json_to_recordset`."""
    return json.dumps(list(rows), default=_as_text)


def _as_text(value: Any) -> str:
    """What PostgreSQL reads a value of a column's type from."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"No column is read from a {type(value).__name__}.")
