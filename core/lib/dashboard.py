"""What the newsroom's start page shows: each part of the newsroom registers its widgets here when it is ready."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a widget: a thing, the page where it is worked on, and what there is to know."""

    text: str
    url: str = ""
    note: str = ""
    label: str = ""  # its state, in a word or two
    tone: str = ""  # good, soon or bad: how the label looks
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Widget:
    """What one person needs to know of one part now."""

    lines: Sequence[Line] = ()
    empty: str = ""  # what to do, or what it means, when there is nothing
    links: Sequence[tuple[str, str]] = ()  # (label, address), below
    note: str = ""


Build = Callable[[Any], Widget | None]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A widget for those who have a permission; the lower its place, the earlier it comes."""

    title: str
    permission: str
    place: int
    build: Build = field(repr=False)


_kinds: dict[str, Kind] = {}


def register(title: str, build: Build, *, permission: str, place: int) -> None:
    """Let `build` make the widget of this title for a user; None from it leaves the widget out."""
    _kinds[title] = Kind(title=title, permission=permission, place=place, build=build)


def kinds() -> list[Kind]:
    """All registered widgets in their order."""
    return sorted(_kinds.values(), key=lambda kind: kind.place)


def shown_to(user: Any) -> list[tuple[str, Widget]]:
    """The widgets of one person: (title, widget), those with something in them first."""
    made = [(kind.title, kind.build(user)) for kind in kinds() if user.has_perm(kind.permission)]
    shown = [(title, widget) for title, widget in made if widget is not None]
    return sorted(shown, key=lambda each: not each[1].lines)
