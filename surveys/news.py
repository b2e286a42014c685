"""What the awards offer to the next briefing: a vote that is open, nominations, and results that came out lately."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list

from core.lib import clock
from newsletter.offers import Offer
from surveys.models import AwardCategory, Season
from surveys.result_view import result_of

NEW_FOR = timedelta(days=14)


def offers() -> Iterator[Offer]:
    for season in Season.objects.public().filter(state__in=[Season.State.NOMINATING, Season.State.VOTING]):
        if season.state == Season.State.NOMINATING:
            yield _offer(season, "nominate", f"{season.title}: name your favourites", season.standfirst, "Nominate")
        elif season.is_taking_ballots and season.closes_at:
            until = clock.in_words(season.closes_at, "j F Y, H:i", clock.newsroom())
            text = f"{season.standfirst} Voting closes on {until}.".strip()
            yield _offer(season, "vote", f"{season.title}: voting is open", text, "Vote now")
    released = AwardCategory.objects.public().filter(released_at__gte=timezone.now() - NEW_FOR).select_related("season")
    for category in released.order_by("-released_at", "ordering"):
        yield _result(category)


def _offer(season: Season, page: str, heading: str, text: str, label: str) -> Offer:
    url = settings.SITE_URL + reverse(f"surveys:{page}", args=[season.slug])
    return Offer(f"{page}-{season.pk}", heading, text, url, label)


def _result(category: AwardCategory) -> Offer:
    result = result_of(category)
    winners = result.winners if result else []
    who = get_text_list(winners, "and") or "Nobody"
    text = f"{who} won: readers voted, and anyone can count again." if winners else "No vote was cast."
    heading = f"{category.title}: the result of the {category.season.title}"
    url = settings.SITE_URL + category.get_absolute_url()
    return Offer(f"result-{category.pk}", heading, text, url, "See the result")
