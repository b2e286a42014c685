"""The demo newsroom's awards: a season that is over, and one that is open for voting."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone

from cms.demo import content
from cms.demo.pieces import Piece
from core.models import User
from surveys import seasons
from surveys.importing import MARKS, ImportedCategory, choices_from_counts, import_season
from surveys.models import AwardCategory, Nominee, Season
from surveys.models.seasons import JURY, ON_BALLOTS

WRITE_IN = MARKS[0]


def pieces() -> Iterator[Piece]:
    """One piece for each season; one that is over is imported, complete with its count."""
    now = timezone.now()
    for season in content.read("awards")["seasons"]:
        make = _make_finished if "closes_days_ago" in season else _make_open
        yield f"season {season['slug']}", partial(make, season, now)


def _make_finished(entry: dict[str, Any], now: datetime) -> None:
    if Season.objects.filter(slug=entry["slug"]).exists():
        return
    import_season(
        title=entry["title"],
        slug=entry["slug"],
        source=entry["source"],
        opens_at=content.days_before(now, entry["opens_days_ago"]),
        closes_at=content.days_before(now, entry["closes_days_ago"]),
        released_at=content.days_before(now, entry["released_days_ago"]),
        categories=[_finished_category(category) for category in entry["categories"]],
        standfirst=entry["standfirst"],
        rules_html=entry["rules_html"],
        disclosure_html=entry["disclosure_html"],
    )


def _finished_category(entry: dict[str, Any]) -> ImportedCategory:
    nominees: list[Mapping[str, str]] = [
        {name: nominee[name] for name in ("name", "slug", "description")} for nominee in entry["nominees"]
    ]
    return ImportedCategory(
        title=entry["title"],
        slug=entry["slug"],
        description=entry["description"],
        method=entry.get("method", "plurality"),
        nominees=nominees,
        ballots=_ranked(entry) if "rankings" in entry else _counted(entry),
    )


def _counted(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    counts = {nominee["name"]: nominee["votes"] for nominee in entry["nominees"]}
    yield from choices_from_counts({**counts, WRITE_IN: entry["write_ins"]})


def _ranked(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    names = {nominee["slug"]: nominee["name"] for nominee in entry["nominees"]}
    for ranking, number in entry["rankings"].items():
        choice = [[names[slug]] for slug in ranking.split(" > ")]
        for serial in range(number):
            yield f"{ranking}/{serial}", choice


def _make_open(entry: dict[str, Any], now: datetime) -> None:
    if Season.objects.filter(slug=entry["slug"]).exists():
        return
    season = Season.objects.create(
        slug=entry["slug"],
        title=entry["title"],
        opens_at=content.days_before(now, entry["opens_days_ago"]),
        closes_at=content.days_before(now, -entry["closes_in_days"]),
        standfirst=entry["standfirst"],
        rules_html=entry["rules_html"],
        disclosure_html=entry["disclosure_html"],
    )
    for place, category in enumerate(entry["categories"]):
        _make_category(season, place, category)
    for juror in entry.get("jury", []):
        user = User.objects.get(email=juror["email"])
        season.jurors.create(user=user, name=juror["name"], affiliations=juror["affiliations"])
    seasons.open_voting(season)


def _make_category(season: Season, place: int, entry: dict[str, Any]) -> None:
    category = AwardCategory.objects.create(
        season=season,
        slug=entry["slug"],
        title=entry["title"],
        description=entry["description"],
        method=entry.get("method", "plurality"),
        ordering=place,
        **{name: entry[name] for name in (*ON_BALLOTS, *JURY) if name in entry},
    )
    Nominee.objects.bulk_create(Nominee(category=category, **nominee) for nominee in entry["nominees"])
