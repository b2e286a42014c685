"""The demo newsroom's files: YAML and images in content/, and days counted from today."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from articles.images import store_image
from articles.models import ImageAsset

FOLDER = Path(__file__).parent / "content"
IMAGES = FOLDER / "images"
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(name: str) -> dict[str, Any]:
    """One file of the content folder."""
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        loaded: dict[str, Any] = yaml.load(file, Loader)  # noqa: S506 - the C loader is a safe one too
    return loaded


def articles() -> list[dict[str, Any]]:
    """All articles, the oldest first: most of them refer to older ones."""
    found = [read(f"articles/{path.stem}") for path in sorted((FOLDER / "articles").glob("*.yaml"))]
    return sorted(found, key=lambda article: -article.get("published_days_ago", -1))


def stored_image(image: dict[str, Any]) -> ImageAsset:
    """An image of the folder in the newsroom's library."""
    path = IMAGES / image["src"]
    return store_image(path.read_bytes(), name=path.name, alt=image["alt"], credit=image.get("credit", ""))


def days_before(now: datetime, days: int) -> datetime:
    """The morning so many days ago (negative: ahead); for today, no later than now."""
    morning = (now - timedelta(days=days)).replace(hour=8, minute=15, second=0, microsecond=0)
    return min(morning, now) if days >= 0 else morning
