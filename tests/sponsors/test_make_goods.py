"""A day that did not carry the ad it was sold for is found by itself, and made good or waived by staff."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.lib import clock
from core.models import OutgoingMail
from core.transitions import TransitionRefused
from sponsors import air_time, approval, booking, make_goods
from sponsors.models import Booking, MakeGood, Package
from tests.newsletter import factories as newsletters
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _boss():
    newsletters.profile(sponsor_email="boss@example.com")


def sold(channel="web:article"):
    """A booking of one day, in two days; there are more days on sale."""
    slot = factories.kind(channel, cutoff_hours=12)
    bought = factories.package({slot: 1})
    factories.open_days(slot, days=20)
    return factories.confirmed(bought, start=factories.soon(2))


def found(time_machine, days=4):
    factories.wait(time_machine, days=days)
    make_goods.find()
    return MakeGood.objects.first()


def test_an_ad_that_ran_owes_nothing(time_machine):
    factories.approved(sold().creatives.get())
    assert found(time_machine) is None


def test_nothing_is_owed_where_nothing_came_in_time_or_it_was_rejected(time_machine):
    version = factories.submitted(sold().creatives.get())
    approval.reject(version, by=factories.user("second@example.com"), reason="Too loud.")
    assert found(time_machine) is None


def test_an_ad_that_we_did_not_review_in_time_is_owed_a_day(time_machine):
    version = factories.submitted(sold().creatives.get())
    row = found(time_machine)
    assert "we did not review it" in row.reason
    factories.approve(version)
    given = make_goods.give(row, by=factories.user())
    assert given.unit.date > factories.today()
    assert factories.shown_on("web:article", given.unit.date).sponsor_name == "Northwind Custody"
    kinds = set(OutgoingMail.objects.values_list("kind", "recipient"))
    assert {
        ("sponsors.make_good_to_us", "boss@example.com"),
        ("sponsors.make_good_given", "ads@northwind.example"),
    } <= kinds


def test_a_briefing_that_was_not_sent_owes_its_ad_a_day_until_one_carries_it(time_machine):
    weekly = newsletters.newsletter()
    booking = sold("mail:weekly")
    factories.approved(booking.creatives.get())
    assert found(time_machine, days=3) is None, "it may still leave, where its readers have the day yet"
    row = found(time_machine, days=1)
    assert row.reason == "No briefing carried the approved ad."
    claim = booking.claims.get()
    newsletters.sent(weekly, items=[{"kind": "sponsor", "heading": "Keys", "claim": claim}], opened=0, clicked=0)
    with pytest.raises(TransitionRefused, match="carried it after all"):
        make_goods.give(row, by=factories.user())
    assert found(time_machine, days=0) is None


@pytest.mark.parametrize(("readers", "owed"), [(5, "most of its readers did not get the ad"), (3, None)])
def test_a_briefing_that_was_stopped_carried_its_ad_where_most_readers_got_it(time_machine, readers, owed):
    booking = sold("mail:weekly")
    factories.approved(booking.creatives.get())
    items = [{"kind": "sponsor", "heading": "Keys", "claim": booking.claims.get()}]
    made = newsletters.sent(newsletters.newsletter(), items=items, opened=2, clicked=0)
    type(made).objects.filter(pk=made.pk).update(state="cancelled", sent_at=None, candidates=readers)
    row = found(time_machine)
    assert owed in row.reason if owed else row is None


def test_a_page_s_ad_that_we_approved_during_its_day_is_for_staff_to_decide(time_machine):
    booking = sold()
    version = factories.submitted(booking.creatives.get())
    end = clock.start_of(factories.soon(3))
    time_machine.move_to(end - timedelta(minutes=5))
    factories.approve(version)
    assert "at 23:55 UTC" in found(time_machine).reason


def test_a_page_s_ad_that_came_late_owes_nothing(time_machine):
    booking = sold()
    factories.wait(time_machine, days=2)
    booking.claims.get().unit.kind.units.update(cutoff_at=timezone.now() + timedelta(hours=1))
    factories.approved(booking.creatives.get())
    assert found(time_machine) is None


@pytest.mark.parametrize(
    ("hours", "owed"),
    [(24, None), (13, None), (4, "showed the approved ad for 4.0 of 24 hours"), (0, "None of our pages showed")],
)
def test_a_page_s_ad_that_was_approved_and_not_on_air_for_most_of_its_day_is_owed_a_day(time_machine, hours, owed):
    booking = sold()
    factories.running(day=factories.today())
    factories.approved(booking.creatives.get())
    air_time.note()  # somebody looks, since before that day
    for minutes in range(0, hours * 60 + bool(hours), 15):
        air_time.note(clock.start_of(factories.soon(2)) + timedelta(minutes=minutes))
    row = found(time_machine)
    assert owed in row.reason if owed else row is None


def test_what_was_taken_from_pages_by_retiring_it_is_seen_to_be_missing(time_machine):
    booking = sold()
    factories.running(day=factories.today())
    factories.approved(booking.creatives.get())
    air_time.note()
    start = clock.start_of(factories.soon(2))
    air_time.note(start)
    booking.package.items.get().kind.creatives.update(retired_at=start)
    air_time.note(start + timedelta(minutes=5))
    assert air_time.seen([booking.claims.get().pk])[booking.claims.get().pk].seconds == 0


def test_a_hold_that_has_run_out_is_in_no_make_good_s_way(time_machine):
    factories.submitted(sold().creatives.get())
    row = found(time_machine)
    gold = Package.objects.get()
    row.claim.unit.kind.units.filter(date__gt=factories.soon(5)).delete()
    other = factories.held(gold, start=factories.soon(5), company="Other Ltd")
    row.claim.unit.kind.units.filter(claims=None).delete()
    factories.wait(time_machine, days=3, hours=1)
    assert make_goods.give(row, by=factories.user()).unit == other.claims.get().unit


def test_staff_settle_it_once_on_the_desk(time_machine, client):
    factories.submitted(sold().creatives.get())
    row = found(time_machine)
    client.force_login(newsletters.user("boss@example.com", role="sponsorship manager"))
    for action, said in (("waive", "settled without another day"), ("give", "is waived, so it cannot be made good")):
        sent = {"action": action, "_selected_action": [row.pk]}
        assert said in client.post("/admin/sponsors/makegood/", sent, follow=True).content.decode()
    assert MakeGood.objects.get().state == "waived"


def test_where_no_day_is_free_it_says_so_and_stays_open(time_machine):
    factories.submitted(sold().creatives.get())
    row = found(time_machine)
    row.claim.unit.kind.units.filter(claims=None).delete()
    with pytest.raises(TransitionRefused, match="No day of this place is free"):
        make_goods.give(row, by=factories.user())
    assert MakeGood.objects.get().state == "open"


def test_one_day_is_found_once(time_machine):
    factories.submitted(sold().creatives.get())
    found(time_machine)
    assert make_goods.find() == 0


@pytest.fixture
def missed(time_machine):
    """The first of three places that were sold for 150 did not run and is owed a day; one runs today, one tomorrow."""
    slot = factories.kind(cutoff_hours=12)
    factories.open_days(slot, days=30)
    made = factories.confirmed(factories.package({slot: 3}, price="150.00"), start=factories.soon(2))
    row = MakeGood.objects.create(claim=made.claims.first(), reason="No briefing carried the approved ad.")
    factories.wait(time_machine, days=3)
    return row


def test_what_is_still_owed_is_credited_in_full_when_its_booking_is_cancelled_and_no_day_is_given_any_more(missed):
    row = missed.claim.booking
    booking.cancel(row, by=None)
    missed.refresh_from_db()
    assert (row.cancellation.credit, missed.state) == (100, "waived")
    MakeGood.objects.update(state="open")
    with pytest.raises(TransitionRefused, match="Its booking is over"):
        make_goods.give(missed, by=factories.user())


def test_a_day_that_was_given_stands_for_the_one_that_was_missed_and_not_for_a_part_of_the_price(missed):
    make_goods.give(missed, by=factories.user())
    row = Booking.objects.get(pk=missed.claim.booking_id)
    booking.cancel(row, by=None)
    assert row.cancellation.credit == 100
