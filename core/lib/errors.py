"""What staff read of an error of our own: its kind, and nothing of a row's values, which may be an address."""

from typing import Any

OF_RULES = {"23", "P0"}  # errors of the database, by class, that say no value first: of constraints and our triggers


def kind_of(error: Exception) -> str:
    """The kind of an error, and which rule of the database refused."""
    found: Any = getattr(error.__cause__, "diag", None)
    names_no_value = found is not None and (found.sqlstate or "")[:2] in OF_RULES
    return f"{type(error).__name__}: {found.message_primary}" if names_no_value else type(error).__name__
