"""Where a season stands: the phases of its life with their times."""

from dataclasses import dataclass
from datetime import datetime

from surveys.models import Season

State = Season.State
ORDER = (
    State.DRAFT, State.NOMINATING, State.SHORTLISTING, State.VOTING, State.CLOSED, State.RELEASED, State.ARCHIVED,
)  # fmt: skip
NAMES = {
    State.DRAFT: "Draft",
    State.NOMINATING: "Nominations",
    State.SHORTLISTING: "Shortlist",
    State.VOTING: "Voting",
    State.CLOSED: "Counting",
    State.RELEASED: "Released",
    State.ARCHIVED: "Archived",
}


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a season; its times are planned until they have come. `place` is “past”, “now” or “next”."""

    state: str
    name: str
    place: str
    begins: datetime | None
    ends: datetime | None = None


def phases_of(season: Season) -> list[Phase]:
    """All phases of a season in their order."""
    at = ORDER.index(State(season.state))
    times = _times(season)
    return [
        Phase(state, NAMES[state], "past" if place < at else "now" if place == at else "next", *times[state])
        for place, state in enumerate(ORDER)
    ]


def _times(season: Season) -> dict[State, tuple[datetime | None, datetime | None]]:
    return {
        State.DRAFT: (season.created_at, None),
        State.NOMINATING: (season.nominations_open_at, season.nominations_close_at),
        State.SHORTLISTING: (season.nominations_close_at, None),
        State.VOTING: (season.opens_at, season.closed_at or season.closes_at),
        State.CLOSED: (season.closed_at, None),
        State.RELEASED: (season.released_at, None),
        State.ARCHIVED: (season.archived_at, None),
    }
