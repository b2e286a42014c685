"""The embedded PostgreSQL."""

from pathlib import Path


def connection(var: Path) -> dict[str, str]:
    """How Django reaches the embedded server of a state folder."""
    return {"HOST": str(var / "postgres" / "socket"), "NAME": "moonpress", "USER": "moonpress"}
