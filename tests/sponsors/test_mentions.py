"""A text that names a current or recent sponsor is found; one that only seems to is not."""

import pytest

from sponsors import booking, mentions
from sponsors.models import Sponsor
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sponsor():
    sold = factories.running(company="Ark Labs")
    Sponsor.objects.filter(pk=sold.sponsor_id).update(aliases=["ArkPay", "$ARK", " "])
    return sold


@pytest.mark.parametrize(
    "text",
    [
        "We spoke to Ark Labs.",
        "ark\nlabs raised money",
        "(Ark Labs’ founder)",
        "Pay with ArkPay!",
        "the token $ARK fell",
        "ARKPAY",
    ],
)
def test_names_and_aliases_are_found_as_whole_words(sponsor, text):
    (mention,) = mentions.mentions(text)
    assert mention.sponsor_name == "Ark Labs"


@pytest.mark.parametrize(
    "text", ["", "Ark", "Quark Labs", "Ark Labsters", "the $ARKADE token", "a park labs walk", "Ark, Labs"]
)
def test_other_words_are_not(sponsor, text):
    assert mentions.mentions(text) == []


def test_a_mention_counts_how_often(sponsor):
    (mention,) = mentions.mentions("Ark Labs made ArkPay. ArkPay is by Ark Labs.")
    assert mention.count == 4


def test_a_sponsor_is_recent_for_half_a_year(sponsor, time_machine):
    factories.wait(time_machine, days=180)
    assert mentions.mentions("Ark Labs")
    factories.wait(time_machine, days=1)
    assert not mentions.mentions("Ark Labs")


def test_who_never_bought_is_no_conflict():
    Sponsor.objects.create(name="Bystander")
    booking.cancel(factories.confirmed(company="Ark Labs"), by=None)
    assert mentions.mentions("Ark Labs and Bystander") == []


def test_who_ran_until_it_was_cancelled_is_a_conflict_still(sponsor):
    booking.cancel(sponsor, by=None)
    assert [found.sponsor_name for found in mentions.mentions("Ark Labs")] == ["Ark Labs"]


def test_a_text_takes_one_query_however_many_sponsors(sponsor, django_assert_num_queries):
    factories.running(company="Second Ltd")
    with django_assert_num_queries(1):
        assert len(mentions.mentions("Ark Labs and Second Ltd")) == 2
