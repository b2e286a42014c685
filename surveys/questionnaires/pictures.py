"""Pictures of the library in a survey's questions and choices."""

from collections.abc import Sequence
from typing import Any

from articles.images import assets_of, picture_of


def with_pictures(groups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions as templates draw them, with the pictures that they and their choices name, in one query."""
    options = [option for group in groups for option in group["options"] if option.get("image")]
    sources = [group["question"].image for group in groups] + [option["image"] for option in options]
    if not any(sources):
        return list(groups)
    assets = assets_of(sources)
    for option in options:
        option["picture"] = _shown(option["image"], assets)
    return [{**group, "picture": _shown(group["question"].image, assets)} for group in groups]


def _shown(source: str, assets: dict[str, Any]) -> dict[str, Any] | None:
    """A picture for a template; None where it is gone."""
    picture = picture_of({"src": source}, assets) if source else {"missing": True}
    return None if picture.get("missing") else picture
