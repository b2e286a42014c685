"""What the newsroom's start page shows of the awards."""

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from core.lib.dashboard import Line, Widget, register
from surveys import request_signals
from surveys.models import Season

State = Season.State


def awards(user: Any) -> Widget:
    """Where each season stands that is under way, and what it waits for."""
    running = Season.objects.exclude(state__in=[State.RELEASED, State.ARCHIVED]).annotate(
        all_categories=Count("categories", distinct=True),
        tallied=Count("categories__tally", distinct=True),
        new=Count(
            "categories__nominations",
            filter=Q(categories__nominations__state="new", categories__nominations__same_as=None),
            distinct=True,
        ),
    )
    add = [("Start a season", reverse("admin:surveys_season_add"))] if user.has_perm("surveys.add_season") else []
    lines = [_line(season) for season in running]
    if user.has_perm("surveys.view_ballot"):
        lines += [line for season in running if season.state == State.VOTING for line in _signals(season)]
    return Widget(lines=lines, empty="No season is under way.", links=[] if lines else add)


def jury(user: Any) -> Widget:
    """The seasons in whose jury somebody votes now, or will."""
    seasons = Season.objects.filter(state__in=[State.DRAFT, State.NOMINATING, State.VOTING], jurors__user=user)
    lines = [
        Line(
            text=season.title,
            url=reverse("admin:surveys_season_jury", args=[season.pk]),
            label="Your ballot" if season.is_taking_ballots else season.get_state_display(),
            note="until" if season.is_taking_ballots else "voting opens",
            tone="good" if season.is_taking_ballots else "",
            at=season.closes_at if season.is_taking_ballots else season.opens_at,
        )
        for season in seasons
    ]
    return Widget(lines=lines, empty="No season asks for your vote.", links=[])


def _line(season: Any) -> Line:
    url = reverse("admin:surveys_season_overview", args=[season.pk])
    note, tone, at = _stand(season)
    if season.state == State.NOMINATING and season.new:
        url = reverse("admin:surveys_season_nominations", args=[season.pk])
    return Line(text=season.title, url=url, label=season.get_state_display(), note=note, tone=tone, at=at)


def _signals(season: Any) -> list[Line]:
    """That requests for ballots come from few places, where they do."""
    if not (number := request_signals.standing_out(season)):
        return []
    note = (
        "a domain or network asks for many ballots"
        if number == 1
        else f"{number} domains and networks ask for many ballots"
    )
    page = reverse("admin:surveys_season_requests", args=[season.pk])
    return [Line(text=f"Requests in {season.title}", url=page, label="Look at it", note=note, tone="soon")]


def _stand(season: Any) -> tuple[str, str, Any]:
    """What a season waits for, how urgent that is, and the time that goes with it."""
    now = timezone.now()
    if season.state == State.DRAFT:
        return ("voting opens", "", season.opens_at) if season.opens_at else ("say when voting opens", "", None)
    if season.state == State.NOMINATING:
        return (
            _many(season.new, "nomination to look at", "nominations to look at"),
            "soon" if season.new else "",
            None,
        )
    if season.state == State.SHORTLISTING:
        return (
            ("voting is planned for", "soon", season.opens_at)
            if season.opens_at
            else ("say when voting opens", "soon", None)
        )
    if season.state == State.VOTING:
        begun = season.opens_at <= now
        return ("until" if begun else "voting opens", "good", season.closes_at if begun else season.opens_at)
    if season.tallied < season.all_categories:
        return (f"to be tallied: {season.all_categories - season.tallied} of {season.all_categories}", "soon", None)
    return ("tallied: to be released", "soon", None)


def _many(count: int, one: str, several: str) -> str:
    return f"{count or 'no'} {one if count == 1 else several}"


def register_all() -> None:
    """Register the widgets, each for those who have its permission."""
    register("Awards", awards, permission="surveys.view_season", place=60)
    register("Jury", jury, permission="surveys.judge_season", place=61)
