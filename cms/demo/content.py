"""Reads the demo newsroom's files."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "content"
IMAGES = FOLDER / "images"
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(name: str) -> dict[str, Any]:
    """One file of the content folder."""
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        loaded: dict[str, Any] = yaml.load(file, Loader)  # noqa: S506 - the C loader is a safe one too
    return loaded


def articles() -> list[dict[str, Any]]:
    """All articles, the oldest first, so that what an article refers to is mostly there before it."""
    found = [read(f"articles/{path.stem}") for path in sorted((FOLDER / "articles").glob("*.yaml"))]
    return sorted(found, key=lambda article: -article.get("published_days_ago", -1))


def days_before(now: datetime, days: int) -> datetime:
    """The morning of so many days ago, or of so many days ahead where the number is negative; never today's future."""
    morning = (now - timedelta(days=days)).replace(hour=8, minute=15, second=0, microsecond=0)
    return min(morning, now) if days >= 0 else morning
