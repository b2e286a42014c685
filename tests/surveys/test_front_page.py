"""The front page says when there is something to do in the awards."""

import pytest

from surveys.contexts import teaser
from surveys.models import Season
from tests.surveys.factories import draft_season, open_season, released_season

pytestmark = pytest.mark.django_db


def test_it_asks_for_votes_while_voting_is_open(client):
    season = open_season()
    page = client.get("/").content.decode()
    assert "Moon Awards 2026: voting is open" in page
    assert f'href="/awards/{season.slug}/vote/"' in page


def test_it_asks_for_nominations_while_they_are_open(client):
    draft_season(state=Season.State.NOMINATING)
    assert 'href="/awards/moon-2026/nominate/"' in client.get("/").content.decode()


def test_it_says_nothing_of_drafts_and_of_what_is_over():
    draft_season()
    released_season()
    assert teaser() is None
