"""Figures come from real sends, with their denominator and how sure they are."""

from datetime import timedelta

import pytest

from sponsors import audience
from sponsors.audience import Rate, Send, wilson
from tests.sponsors import factories


class Sends:
    """A source with known sends."""

    def __init__(self, *sends, subscribers=1200):
        self.all, self.count = sends, subscribers

    def subscribers(self):
        return self.count

    def sends(self, *, since):
        return [send for send in self.all if send.day >= since]


def sent(days_ago=1, delivered=1000, opened=300, clicked=25, channel="mail:orbit"):
    return Send(channel, "Orbit", factories.today() - timedelta(days=days_ago), delivered, opened, clicked)


@pytest.fixture
def plug(monkeypatch):
    def plug(*sends, **options):
        monkeypatch.setattr(audience, "_sources", [Sends(*sends, **options)])

    return plug


def test_the_interval_is_wilsons():
    low, high = wilson(25, 3000)
    assert (round(100 * low, 2), round(100 * high, 2)) == (0.57, 1.23)


@pytest.mark.parametrize("count", [0, 50, 100])
def test_an_interval_stays_within_bounds_and_holds_its_share(count):
    low, high = wilson(count, 100)
    assert 0 <= low <= count / 100 <= high <= 1


def test_rates_pool_all_sends_over_what_was_delivered(plug):
    plug(sent(1, 1000, 300, 20), sent(8, 3000, 300, 20))
    figures = audience.figures()
    assert (figures.open_rate, figures.click_rate) == (Rate(600, 4000), Rate(40, 4000))
    assert (figures.delivered, figures.subscribers) == (4000, 1200)


def test_old_sends_are_left_out(plug):
    plug(sent(1), sent(91))
    assert len(audience.figures().sends) == 1


def test_too_little_gives_no_rate(plug):
    plug(sent(delivered=99, opened=40, clicked=5))
    figures = audience.figures()
    assert (figures.open_rate, figures.click_rate, figures.delivered) == (None, None, 99)


def test_nothing_plugged_in_gives_no_figures(monkeypatch):
    monkeypatch.setattr(audience, "_sources", [])
    assert audience.figures() is None


def test_small_rates_show_two_decimals_and_large_ones_one():
    assert Rate(25, 3000).percent == "0.83 %"
    assert Rate(300, 1000).percent == "30.0 %"
    assert Rate(25, 3000).range_text == "0.57–1.23 %"


@pytest.mark.django_db
def test_the_media_kit_quotes_figures_with_denominator_date_and_interval(plug, client):
    plug(sent(1, 3000, 900, 25))
    page = client.get("/advertise/").content.decode()
    assert "0.83 %" in page
    assert "25 of 3,000 delivered" in page
    assert "0.57–1.23 %" in page
    assert f"{factories.today():%-d %b %Y}" in page


@pytest.mark.django_db
def test_the_media_kit_says_when_there_is_not_enough(plug, client):
    plug(sent(delivered=12, opened=9, clicked=3))
    page = client.get("/advertise/").content.decode()
    assert "We have not sent enough yet" in page
    assert "12 messages delivered" in page
    assert "75" not in page.split("Reach, measured")[1].split("What an ad may hold")[0]
