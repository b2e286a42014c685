"""Sponsors among the nominees are decided on before the vote, named wherever readers see them, and recuse whom they concern."""

import pytest

from core.transitions import TransitionRefused
from sponsors import flags
from sponsors.models import DisclosureEntry, Flag
from surveys import blocks, payers, seasons
from tests.articles.factories import user
from tests.sponsors import factories as ads
from tests.surveys import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def season():
    ads.running(company="Ada Wallet")
    ads.running("web:home", company="Coin House")
    made = factories.draft_season()
    category = made.categories.get()
    category.nominees.filter(slug="ada").update(name="Ada Wallet", description="By the makers of Coin House.")
    for nominee in category.nominees.all():
        payers.look_at(nominee)
    return made


def decide_all(verdict):
    steward = user("awards steward")
    for flag in Flag.objects.open():
        flags.decide(flag, verdict, by=steward)


def test_voting_waits_until_each_name_is_decided_on(season):
    missing = seasons.not_ready_for_voting(season)
    assert len(missing) == 2
    assert "Ada Wallet pays us and is named in the name of “Ada Wallet”" in missing[0]
    with pytest.raises(TransitionRefused, match="pays us"):
        seasons.open_voting(season)
    decide_all("disclosed")
    seasons.open_voting(season)


def test_nominee_category_and_season_name_every_sponsor(season, client):
    decide_all("disclosed")
    season = factories.seal_and_open(season)
    category = season.categories.get()
    pages = [
        season.get_absolute_url(),
        category.get_absolute_url(),
        category.nominees.get(slug="ada").get_absolute_url(),
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert "Ada Wallet advertises with us" in text, page
        assert "Coin House advertises with us" in text, page


def test_who_is_not_meant_is_named_nowhere(season, client):
    decide_all("not them")
    season = factories.seal_and_open(season)
    assert b"advertises with us" not in client.get(season.get_absolute_url()).content


def test_decisions_are_published_with_the_results_and_not_before(season):
    decide_all("disclosed")
    season = factories.seal_and_open(season)
    assert not DisclosureEntry.objects.filter(kind="flag").exists()
    factories.close_and_release(season)
    payers.log_results(season.categories.all())
    assert DisclosureEntry.objects.filter(kind="flag").count() == 2


def test_an_article_with_a_result_names_nobody_before_readers_see_it():
    season, block = factories.draft_season(), {"season": "moon-2026", "category": "wallet"}
    assert blocks.words_of_award(block) == []
    seasons.open_voting(season)
    assert "Ada" not in dict(map(reversed, blocks.words_of_award(block)))
    factories.close_and_release(season)
    assert "Ada" in dict(map(reversed, blocks.words_of_award(block)))


def test_a_nominee_with_two_sponsors_costs_two_queries(season, django_assert_num_queries):
    nominees = list(season.categories.get().nominees.all())
    with django_assert_num_queries(2):
        assert len(payers.notes_of(nominees)) == 2
