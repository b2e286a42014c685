"""What briefings tell of a season: nothing of drafts, voting while it is open, the winners once they are released."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.lib import clock
from newsletter.sending import composition, plugged
from surveys.models import AwardCategory, Season
from tests.articles import factories as writing
from tests.newsletter import factories as newsletters
from tests.surveys import factories

pytestmark = pytest.mark.django_db


def test_voting_is_told_while_it_is_open():
    season = factories.open_season()
    news = plugged.news(f"season:{season.slug}")
    assert (news.label, news.url) == ("Vote", f"/awards/{season.slug}/vote/")
    assert "Voting is open until" in news.html


def test_winners_are_told_once_they_are_released():
    season = factories.released_season()
    news = plugged.news(f"season:{season.slug}")
    assert "Ada" in news.html
    assert news.label == "See the results"


def test_nothing_is_told_of_a_draft_or_of_a_season_that_is_gone():
    assert plugged.news(f"season:{factories.draft_season().slug}") is None
    assert plugged.news("season:gone") is None
    assert plugged.news("nonsense") is None
    assert not plugged.choices()[0][1]


def test_what_can_be_done_and_what_came_out_is_new():
    came_out = factories.released_season("moon-2025")
    open_one = factories.open_season()
    nominating = factories.draft_season("moon-2027", state=Season.State.NOMINATING)
    factories.draft_season("moon-2028")
    assert set(plugged.new()) == {f"season:{season.slug}" for season in (came_out, open_one, nominating)}


def test_old_results_and_those_that_nobody_may_see_yet_are_not_new():
    factories.released_season()
    AwardCategory.objects.update(released_at=timezone.now() - timedelta(days=15))
    assert plugged.new() == {}
    AwardCategory.objects.update(released_at=timezone.now())
    Season.objects.update(is_withheld=True)
    assert plugged.new() == {}


def test_an_editor_adds_news_to_a_draft_and_is_not_offered_it_again(client):
    source = f"season:{factories.released_season().slug}"
    briefing = newsletters.briefing(newsletters.newsletter())
    client.force_login(writing.user("newsletter manager"))
    path = reverse("admin:newsletter_briefing_articles", args=[briefing.pk])
    assert source in client.get(path).content.decode()
    client.post(path, {"news": [source, "season:made-up", "nonsense"]})
    assert briefing.items.get(kind="plugged").source == source
    assert source not in client.get(path).content.decode()


def test_times_are_the_newsroom_s_whoever_looks_at_the_draft(settings):
    season = factories.open_season()
    with timezone.override("Pacific/Auckland"):
        said = plugged.news(f"season:{season.slug}").html
    assert clock.in_words(season.closes_at, zone=clock.newsroom()) in said


def test_a_briefing_carries_the_news_as_mail_and_text():
    season = factories.open_season()
    weekly = newsletters.newsletter()
    briefing = newsletters.briefing(weekly, items=[{"kind": "plugged", "source": f"season:{season.slug}"}])
    mail = composition.render(briefing, composition.plain_links("0", "0"))
    assert f'href="http://localhost:8000/awards/{season.slug}/vote/"' in mail.html
    assert "Voting is open until" in mail.text
