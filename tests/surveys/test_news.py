"""The awards offer their news to the next briefing, as long as it is news."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from newsletter import offers
from surveys.models import AwardCategory, Season
from tests.articles import factories as writing
from tests.newsletter import factories as mailing
from tests.surveys.factories import draft_season, open_season, released_season

pytestmark = pytest.mark.django_db


def test_what_can_be_done_and_what_came_out_is_offered():
    released_season()
    open_season()
    draft_season("moon-2027", state=Season.State.NOMINATING)
    draft_season("moon-2028")
    found = {offer.heading: offer for offer in offers.current()}
    assert set(found) == {
        "Moon Awards 2026: name your favourites",
        "Moon Awards 2026: voting is open",
        "Wallet: the result of the Moon Awards 2026",
    }
    assert found["Wallet: the result of the Moon Awards 2026"].text.startswith("Ada won")


def test_old_results_and_those_that_nobody_may_see_yet_are_no_news():
    released_season()
    AwardCategory.objects.update(released_at=timezone.now() - timedelta(days=15))
    assert offers.current() == []
    AwardCategory.objects.update(released_at=timezone.now())
    Season.objects.update(is_withheld=True)
    assert offers.current() == []


def test_an_editor_adds_an_offer_to_a_draft_and_is_not_offered_it_again(client):
    released_season()
    (offer,) = offers.current()
    briefing = mailing.briefing(mailing.newsletter())
    client.force_login(writing.user("newsletter manager"))
    path = reverse("admin:newsletter_briefing_articles", args=[briefing.pk])
    assert offer.heading in client.get(path).content.decode()
    client.post(path, {"offer": [offer.key, "made-up"]})
    item = briefing.items.get(heading=offer.heading)
    assert (item.kind, item.url, item.text) == ("text", offer.url, offer.text)
    assert offer.heading not in client.get(path).content.decode()
