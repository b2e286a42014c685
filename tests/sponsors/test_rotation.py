"""Several ads of one place take turns, each for an equal part of the day; what would be shown nowhere is not sold."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from core.generation import current
from core.lib import clock
from sponsors import media_kit, rotation
from sponsors.models import RunUnit
from tests.sponsors import factories

pytestmark = pytest.mark.django_db
MINUTES = 24 * 60


@pytest.fixture
def three():
    """Three sponsors on the article pages of today: two in one kind, one in another."""
    slot, other = factories.kind(), factories.kind(name="Second place", position=2)
    bought, single = factories.package({slot: 1}), factories.package({other: 1}, tier="silver")
    factories.open_days(slot, days=1, per_day=2)
    factories.open_days(other, days=1)
    sold = [factories.confirmed(bought, start=factories.today(), company=name) for name in ("Ark Ltd", "Bee Ltd")]
    sold.append(factories.confirmed(single, start=factories.today(), company="Cay Ltd"))
    for each in sold:
        factories.approved(each.creatives.get())
    return sold


def seen(page):
    """How many minutes of today a page shows each sponsor."""
    start = clock.start_of(factories.today())
    moments = (start + timedelta(minutes=minute) for minute in range(MINUTES))
    shown = (rotation.placement_shown("web:article", page=page, now=moment) for moment in moments)
    return Counter(ad.sponsor_name for ad in shown)


@pytest.mark.parametrize("page", [0, 7])
def test_each_of_several_has_an_equal_part_of_the_day_on_every_page(three, page):
    assert seen(page) == dict.fromkeys(["Ark Ltd", "Bee Ltd", "Cay Ltd"], MINUTES // 3)


def test_all_of_them_are_on_some_page_at_any_moment(three):
    shown = {rotation.placement_shown("web:article", page=page).sponsor_name for page in range(3)}
    assert len(shown) == 3


def test_one_alone_has_the_whole_day_and_nobody_but_us_where_nobody_bought():
    factories.running()
    assert seen(3) == {"Northwind Custody": MINUTES}
    assert rotation.placement_shown("web:home") is None


def test_pages_are_made_anew_once_when_the_turn_comes(three, time_machine):
    time_machine.move_to(clock.start_of(factories.today()) + timedelta(hours=9), tick=False)
    assert rotation.take_turns() == 1
    before = current()
    assert rotation.take_turns() == 0
    assert current() == before
    time_machine.move_to(clock.start_of(factories.today()) + timedelta(hours=9, minutes=41), tick=False)
    assert rotation.take_turns() == 1
    assert current() > before


def test_nothing_turns_where_there_is_one_ad_or_none():
    factories.running()
    assert rotation.take_turns() == 0


def test_the_media_kit_says_how_many_share_a_place(three):
    kit = media_kit.contents()
    shown = {row[0]["text"]: row[1]["text"] for row in kit["specs"]}
    assert shown["Slot in web:article"] == "in turns with at most 2 others, an equal part of the day each"


def test_a_place_that_nobody_would_see_is_neither_made_nor_put_on_sale(client):
    nowhere = factories.kind("web:sidebar")
    with pytest.raises(ValidationError, match="No ad would be seen on it"):
        nowhere.full_clean()
    client.force_login(factories.user("boss@example.com", is_staff=True, is_superuser=True))
    day = factories.soon().isoformat()
    sent = {"kind": nowhere.pk, "first": day, "last": day, "weekdays": list(range(7)), "per_day": 1}
    assert b"No ad would be seen on web:sidebar" in client.post("/admin/sponsors/rununit/open/", sent).content
    assert not RunUnit.objects.exists()
