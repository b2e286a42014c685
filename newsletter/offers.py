"""News that other parts of the newsroom offer to the next briefing. An editor takes an offer over into a draft and edits it there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_builds: list[Callable[[], Iterable["Offer"]]] = []


@dataclass(frozen=True, slots=True)
class Offer:
    """A piece of news. `url` is a whole address; `key` stays the same while the news does."""

    key: str
    heading: str
    text: str
    url: str
    label: str


def register(build: Callable[[], Iterable[Offer]]) -> None:
    """Have what `build` makes be offered."""
    _builds.append(build)


def current() -> list[Offer]:
    """What is offered now, in the order of those who offer it."""
    return [offer for build in _builds for offer in build()]
