"""The phases of awards on the newsroom's calendar: when nominations and voting open and close, and when results came out."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from core.lib.calendar import MOST, Entry, Source, Span, register
from surveys.models import Season

PHASES = {
    "nominations_open_at": "nominations open",
    "nominations_close_at": "nominations close",
    "opens_at": "voting opens",
    "closes_at": "voting closes",
    "released_at": "results released",
}
SEALED = "Voters have been told: what is sealed is not moved here."
ON_ITS_PAGE = "Its times are set on the season’s page."


class Phases(Source):
    name, label, plural = "awards", "Award", "Awards"
    permissions = ("surveys.view_season",)

    def between(self, user: Any, span: Span) -> Iterator[Entry]:
        within = Q()
        for phase in PHASES:
            within |= Q(**{f"{phase}__gte": span.start, f"{phase}__lt": span.end})
        for season in Season.objects.filter(within).order_by("pk")[:MOST]:
            for phase, words in PHASES.items():
                at: datetime | None = getattr(season, phase)
                if at and span.start <= at < span.end:
                    yield _entry(season, phase, words, at)


def _entry(season: Season, phase: str, words: str, at: datetime) -> Entry:
    return Entry(
        key=f"{season.pk}-{phase.removesuffix('_at')}",
        title=season.title,
        url=reverse("admin:surveys_season_overview", args=[season.pk]),
        state=words,
        when=at,
        fixed=SEALED if season.is_fixed else ON_ITS_PAGE,
    )


def register_all() -> None:
    """Put the phases of awards on the calendar."""
    register(Phases(), place=30)
