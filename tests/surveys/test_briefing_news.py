"""What briefings tell of a season: nothing of drafts, voting while it is open, the winners once they are released."""

import pytest

from newsletter.sending import composition, plugged
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


def test_a_briefing_carries_the_news_as_mail_and_text():
    season = factories.open_season()
    weekly = newsletters.newsletter()
    briefing = newsletters.briefing(weekly, items=[{"kind": "plugged", "source": f"season:{season.slug}"}])
    mail = composition.render(briefing, composition.plain_links("0", "0"))
    assert f'href="http://localhost:8000/awards/{season.slug}/vote/"' in mail.html
    assert "Voting is open until" in mail.text
