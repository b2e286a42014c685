"""The phases of awards that webhooks can ask for; they tell what readers are shown at the same moment."""

from typing import Any

from django.conf import settings

from core import webhooks
from surveys.models import Season

State = Season.State
PHASES = {
    State.NOMINATING: ("season.nominating", "nominations of a season open"),
    State.SHORTLISTING: ("season.shortlisting", "a season’s shortlist is drawn up"),
    State.VOTING: ("season.voting", "a season’s ballot paper is sealed, and voting opens at its time"),
    State.CLOSED: ("season.closed", "the voting of a season ends"),
    State.RELEASED: ("season.released", "the results of a season are released"),
    State.ARCHIVED: ("season.archived", "a season is archived"),
}


def register_all() -> None:
    """Register the events of awards."""
    for name, label in PHASES.values():
        webhooks.register(name, label)


def announce(season: Season) -> None:
    """Announce the phase that a season has just come to, in the transaction in which it does."""
    if found := PHASES.get(State(season.state)):
        webhooks.announce(found[0], {"season": _payload(season)})


def _payload(season: Season) -> dict[str, Any]:
    times = {"opens_at": season.opens_at, "closes_at": season.closes_at, "released_at": season.released_at}
    shown = {"slug": season.slug, "title": season.title, "state": season.state}
    address = {"url": settings.SITE_URL + season.get_absolute_url()}
    return shown | address | {name: at.isoformat() if at else None for name, at in times.items()}
