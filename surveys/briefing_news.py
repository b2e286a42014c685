"""What briefings can tell of a season by themselves: nominations, voting, and the winners once they are released."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from core.lib import clock
from newsletter.sending.plugged import News
from surveys.models import AwardCategory, Season
from surveys.result_view import result_of

NEWEST = 20
NEW_FOR = timedelta(days=14)
State = Season.State


def choices() -> Iterable[tuple[str, str]]:
    """The seasons that readers may know of, the newest first."""
    return [(season.slug, season.title) for season in Season.objects.public().order_by("-pk")[:NEWEST]]


def new() -> Iterable[str]:
    """The seasons in which something can be done now, or of which results came out lately."""
    seasons = Season.objects.public()
    since = timezone.now() - NEW_FOR
    busy = Q(state__in=[State.NOMINATING, State.VOTING]) | Q(categories__released_at__gte=since)
    return seasons.filter(busy).order_by("-pk").values_list("slug", flat=True).distinct()


def news(slug: str) -> News | None:
    """What is new of a season at this moment; None where there is nothing to tell, or nobody may know of it."""
    season = Season.objects.public().filter(slug=slug).first()
    if season is None:
        return None
    if season.is_taking_ballots and season.closes_at:
        words = format_html("<p>Voting is open until {}.</p>", _moment(season.closes_at))
        return News(season.title, words, "Vote", reverse("surveys:vote", args=[season.slug]))
    if season.state == State.NOMINATING:
        until = season.nominations_close_at
        when = f" until {_moment(until)}" if until else ""
        words = format_html("<p>Nominations are open{}.</p>", when)
        return News(season.title, words, "Nominate", reverse("surveys:nominate", args=[season.slug]))
    return _results(season)


def written(slug: str) -> str:
    """What stands for the words of a season that a briefing shows."""
    return str(Season.objects.public().filter(slug=slug).values_list("title", flat=True).first() or "")


def _moment(moment: datetime) -> str:
    """In the newsroom's zone, whoever looks at the draft and wherever it is frozen."""
    return clock.in_words(moment, zone=clock.newsroom())


def _results(season: Season) -> News | None:
    categories = list(season.categories.released().select_related("season"))
    winners = [(category.title, names) for category in categories if (names := _winners(category))]
    if not winners:
        return None
    rows = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", winners)
    return News(season.title, format_html("<table>{}</table>", rows), "See the results", season.get_absolute_url())


def _winners(category: AwardCategory) -> str:
    result = result_of(category)
    return ", ".join(row["name"] for row in result.rows if row["winner"]) if result else ""
