"""Figures come from real sends, with their denominator and how sure they are."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from sponsors import audience, clicks, reach
from sponsors.audience import Rate, wilson
from sponsors.models import AdDay
from tests.newsletter import factories as newsletters
from tests.sponsors import factories


@pytest.fixture
def orbit(db):
    return newsletters.newsletter(name="Orbit", slug="orbit")


def test_the_interval_is_wilsons():
    low, high = wilson(25, 3000)
    assert (round(100 * low, 2), round(100 * high, 2)) == (0.57, 1.23)


@pytest.mark.parametrize("count", [0, 50, 100])
def test_an_interval_stays_within_bounds_and_holds_its_share(count):
    low, high = wilson(count, 100)
    assert 0 <= low <= count / 100 <= high <= 1


def test_rates_pool_all_sends_over_what_was_delivered(orbit):
    newsletters.subscriptions(orbit, 12)
    newsletters.sent(orbit, days_ago=1, delivered=1000, opened=300, clicked=20)
    newsletters.sent(orbit, days_ago=8, delivered=3000, opened=300, clicked=20)
    figures = audience.figures()
    assert (figures.open_rate, figures.click_rate) == (Rate(600, 4000), Rate(40, 4000))
    assert (figures.delivered, figures.subscribers) == (4000, 12)


def test_old_sends_are_left_out(orbit):
    newsletters.sent(orbit, days_ago=1)
    newsletters.sent(orbit, days_ago=91)
    assert len(audience.figures().sends) == 1


def test_too_little_gives_no_rate(orbit):
    newsletters.sent(orbit, delivered=99, opened=40, clicked=5)
    figures = audience.figures()
    assert (figures.open_rate, figures.click_rate, figures.delivered) == (None, None, 99)


def test_small_rates_show_two_decimals_and_large_ones_one():
    assert Rate(25, 3000).percent == "0.83 %"
    assert Rate(300, 1000).percent == "30.0 %"
    assert Rate(25, 3000).range_text == "0.57–1.23 %"


def test_the_media_kit_quotes_figures_with_denominator_date_and_interval(orbit, client):
    newsletters.sent(orbit, delivered=3000, opened=900, clicked=25)
    page = client.get("/advertise/").content.decode()
    assert "0.83 %" in page
    assert "25 of 3,000 delivered" in page
    assert "0.57–1.23 %" in page
    assert f"{factories.today():%-d %b %Y}" in page


def test_the_media_kit_says_when_there_is_not_enough(orbit, client):
    newsletters.sent(orbit, delivered=12, opened=9, clicked=3)
    page = client.get("/advertise/").content.decode()
    assert "We have not sent enough yet" in page
    assert "12 messages were delivered" in page
    assert "75" not in page.split("Reach, measured")[1].split("What an ad may contain")[0]


def test_each_place_of_a_package_has_its_reach_with_interval_and_denominator(db, client):
    slot = factories.kind("web:article")
    bought = factories.package({slot: 7})
    factories.open_days(slot, days=14)
    sold = factories.confirmed(bought, start=factories.soon(2))
    with time_machine.travel(timezone.now() + timedelta(days=10)):
        for number, claim in enumerate(sold.claims.select_related("unit")):
            AdDay.objects.create(claim=claim, day=claim.unit.date, reason="", number=100 + number)
            AdDay.objects.create(claim=claim, day=claim.unit.date, reason="hosted", number=999)
            clicks.record_click(claim_id=claim.pk, nonce="reader")
        found = reach.of_kinds([slot])[slot.pk]
        assert (found.days, found.median, found.interval) == (7, 103, (100, 106))
        assert (found.clicks.count, found.clicks.total) == (7, 721)
        page = client.get("/advertise/").content.decode()
        assert "103 views" in page
        assert "of 721 views" in page
