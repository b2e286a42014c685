"""The channels on which ads are shown. A place on any other would be sold and never seen, so there is none."""

from collections.abc import Callable, Iterable

ARTICLE, HOME = "web:article", "web:home"
ON_PAGES = (ARTICLE, HOME)

_others: list[Callable[[], Iterable[str]]] = []


def register(channels: Callable[[], Iterable[str]]) -> None:
    """Let it name further channels, each of which shows every ad that is booked on it."""
    _others.append(channels)


def known() -> list[str]:
    """All of them, those of pages first."""
    return [*ON_PAGES, *(channel for channels in _others for channel in channels())]
