"""Who takes the lists of subscribers that exports of posts hold as well: another part, which puts itself in here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Take = Callable[[str, Path, str], str]


@dataclass(frozen=True, slots=True)
class Taker:
    """What takes a list: its name, its file, and the name of whoever hands it over; gives the page on which it goes on."""

    permission: str
    take: Take


_takers: list[Taker] = []


def register(taker: Taker) -> None:
    """Take such lists from now on."""
    _takers[:] = [taker]


def taker() -> Taker | None:
    """Who takes them, if anybody does."""
    return _takers[0] if _takers else None
