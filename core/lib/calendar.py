"""The newsroom's calendar: each part registers a source of entries when it is ready, and says what may be moved by whom.

An entry is at a moment (an article goes live) or on a whole day (an ad's day). Moments fall on the days of the current
zone; a whole day is the same day everywhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from core.lib import clock

MOST = 1000  # entries of one source in one period


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing on the calendar, at a moment or on a whole day."""

    key: str  # names it within its source for good
    title: str
    when: datetime | date
    url: str  # the page where it is worked on
    state: str = ""  # in a word or two
    fixed: str = ""  # why this person cannot move it, in a sentence; empty: they can

    @property
    def at(self) -> datetime | None:
        """Its moment, if it has one."""
        return self.when if isinstance(self.when, datetime) else None

    @property
    def seen(self) -> str:
        """What stands for when it is: a move names it, and is refused if that is no longer so."""
        return self.when.isoformat()

    @property
    def local_day(self) -> date:
        """The day on which the current zone has it."""
        return self.at.astimezone(clock.current()).date() if self.at else self.when

    @property
    def hour(self) -> str:
        """The time of a moment on its day, with the zone's letters where clocks show it twice; empty for a whole day."""
        if not self.at:
            return ""
        local = self.at.astimezone(clock.current())
        is_twice = len(clock.moments_of(local.replace(tzinfo=None, fold=0), clock.current())) > 1
        return f"{local:%H:%M} {clock.abbreviation(local)}" if is_twice else f"{local:%H:%M}"

    @property
    def words(self) -> str:
        """When it is, in words."""
        return clock.in_words(self.at, "j M Y, H:i") if self.at else f"{self.when:%-d %b %Y}"


@dataclass(frozen=True)
class Span:
    """The days that are asked for, both ends included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The moment at which the first day begins in the current zone."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The moment at which the last day ends there."""
        return _midnight(self.last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.current())


class Source:
    """What one part of the newsroom has on the calendar."""

    name: str  # in addresses and styles
    label: str  # of one entry
    plural: str
    permissions: Sequence[str]  # one of them is needed to see any of it

    def between(self, user: Any, span: Span) -> Iterable[Entry]:
        """The entries of a period that this person may see, at most `MOST`."""
        raise NotImplementedError

    def find(self, user: Any, key: str) -> Entry | None:
        """One entry that this person may see, if it can ever be moved."""
        return None

    def move(self, user: Any, key: str, *, seen: str, to: Any) -> None:
        """Move an entry, which is as `seen`, to a moment or day. Raises TransitionRefused with why it stays where it is."""
        raise NotImplementedError


_sources: dict[str, tuple[int, Source]] = {}


def register(source: Source, *, place: int) -> None:
    """Put a source on the calendar; the lower its place, the earlier it is named."""
    _sources[source.name] = place, source


def sources_for(user: Any) -> list[Source]:
    """The sources of which this person may see something, in their order."""
    in_order = (source for _, source in sorted(_sources.values(), key=lambda each: each[0]))
    return [source for source in in_order if any(map(user.has_perm, source.permissions))]
