"""What a place got less than was guaranteed opens a make-good when counting ends."""

import pytest

from sponsors import make_goods, under_delivery
from sponsors.models import AdDay, Adjustment, MakeGood, Package
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold():
    """Two days on pages, 1,000 views guaranteed; 700 counted, and 999 that do not."""
    slot = factories.kind("web:article")
    bought = factories.package({slot: 2})
    bought.items.update(guarantee=1000)
    factories.open_days(slot)
    booking = factories.confirmed(Package.objects.get(), start=factories.soon(2))
    for claim in booking.claims.select_related("unit"):
        for reason, number in (("", 350), ("hosted", 999)):
            AdDay.objects.create(claim=claim, day=claim.unit.date, reason=reason, number=number)
    factories.approved(booking.creatives.get())
    return booking


def test_a_place_below_its_guarantee_is_to_be_made_good_once_and_when_counting_is_over(sold, time_machine, client):
    assert "1,000 views on 2 days" in client.get(sold.report_path).content.decode()
    factories.wait(time_machine, days=20)
    assert under_delivery.find() == 0
    factories.wait(time_machine, days=15)
    assert (under_delivery.find(), under_delivery.find()) == (1, 0)
    row = MakeGood.objects.get()
    assert (row.reason, row.state) == ("700 views counted on its 2 days; 1,000 were guaranteed.", "open")
    make_goods.find()
    assert MakeGood.objects.get() == row
    factories.open_days(sold.claims.first().unit.kind, first=factories.today())
    assert make_goods.give(row, by=factories.user()).booking == sold


def test_a_place_waits_for_a_day_that_is_already_to_be_made_good(sold, time_machine):
    missed = MakeGood.objects.create(claim=sold.claims.first(), reason="It did not run.")
    factories.wait(time_machine, days=35)
    assert under_delivery.find() == 0
    make_goods.waive(missed, by=factories.user())
    assert under_delivery.find() == 1


@pytest.mark.parametrize("how", ["adjusted", "nothing guaranteed"])
def test_a_place_that_got_what_was_guaranteed_owes_nothing(sold, time_machine, how):
    if how == "adjusted":
        claim = sold.claims.first()
        Adjustment.objects.create(claim=claim, kind="view", number=300, words="Counted wrongly.", by=factories.user())
    else:
        sold.snapshot["items"][0]["guarantee"] = None
        sold.save()
    factories.wait(time_machine, days=35)
    assert under_delivery.find() == 0


def test_what_is_guaranteed_for_a_run_is_guaranteed_for_each_of_several(sold, time_machine, client):
    sold.runs, sold.snapshot = 2, sold.snapshot | {"runs": 2}
    sold.save()
    assert "2,000 views on 4 days" in client.get(sold.report_path).content.decode()
    Adjustment.objects.create(claim=sold.claims.first(), kind="view", number=300, words="Wrong.", by=factories.user())
    factories.wait(time_machine, days=35)
    assert under_delivery.find() == 1
    assert MakeGood.objects.get().reason == "1,000 views counted on its 2 days; 2,000 were guaranteed."


def test_the_media_kit_says_what_is_guaranteed(sold, client):
    assert "1,000 views guaranteed" in client.get("/advertise/").content.decode()
