"""A booking takes all units of a package or none, and gives them back when it is over."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.models import OutgoingMail
from core.transitions import TransitionRefused
from sponsors import availability, booking, claims, clicks, reports, retention
from sponsors.models import Booking, Claim, DisclosureEntry, RunUnit, Sponsor
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold():
    article, mail = factories.kind(), factories.kind("mail:orbit")
    made = factories.package({article: 3, mail: 1})
    factories.open_days(article)
    factories.open_days(mail, weekdays={factories.soon(9).weekday()})
    return made


def test_a_hold_takes_the_first_days_each_kind_runs_on(gold):
    held = factories.held(gold, start=factories.soon(7))
    taken = {(claim.unit.kind.channel, (claim.unit.date - factories.today()).days) for claim in held.claims.all()}
    assert taken == {("web:article", 7), ("web:article", 8), ("web:article", 9), ("mail:orbit", 9)}


def test_a_hold_keeps_the_package_as_it_was_quoted(gold):
    held = factories.held(gold)
    assert held.snapshot["price"] == "1500.00"
    assert {item["quantity"] for item in held.snapshot["items"]} == {1, 3}
    gold.refresh_from_db()
    assert gold.quoted_at is not None


def test_where_one_unit_is_taken_none_is_held(gold):
    factories.held(gold, start=factories.soon(9))
    with pytest.raises(booking.Unavailable):
        factories.held(gold, start=factories.soon(7))
    assert Booking.objects.count() == 1
    assert Claim.objects.count() == 4


def test_a_refusal_names_the_day_and_offers_starts_that_work(gold):
    factories.held(gold, start=factories.soon(7))
    with pytest.raises(booking.Unavailable, match="is taken") as refused:
        factories.held(gold, start=factories.soon(7), company="Second Ltd")
    first = refused.value.alternatives[0]
    assert first == factories.soon(10)
    assert factories.held(gold, start=first, company="Second Ltd").state == "held"


def test_days_that_are_not_open_cannot_be_had(gold):
    with pytest.raises(booking.Unavailable, match="Too few days are open"):
        factories.held(gold, start=factories.soon(29))


def test_a_day_past_its_cut_off_is_not_sold(gold):
    RunUnit.objects.filter(date=factories.soon(7)).update(cutoff_at=timezone.now())
    held = factories.held(gold, start=factories.soon(7))
    assert min(claim.unit.date for claim in held.claims.all()) == factories.soon(8)


def test_the_database_refuses_a_second_live_claim_on_a_unit(gold):
    unit = factories.held(gold).claims.first().unit
    other = factories.held(gold, start=factories.soon(14))
    with pytest.raises(IntegrityError, match="claim_one_live_per_unit"), transaction.atomic():
        Claim.objects.create(unit=unit, booking=other)


def test_confirming_sells_the_units_and_makes_the_sponsor(gold):
    sold = factories.confirmed(gold)
    assert sold.state == "confirmed"
    assert sold.sponsor.name == "Northwind Custody"
    assert set(sold.claims.values_list("state", flat=True)) == {"confirmed"}


def test_confirming_finds_the_sponsor_of_that_name(gold):
    known = Sponsor.objects.create(name="NORTHWIND custody")
    assert factories.confirmed(gold).sponsor == known


def test_a_booking_is_confirmed_once(gold):
    sold = factories.confirmed(gold)
    with pytest.raises(TransitionRefused, match="is confirmed already"):
        booking.confirm(sold, by=None)


def test_cancelling_frees_the_units_for_the_next(gold):
    booking.cancel(factories.confirmed(gold), by=None)
    assert factories.held(gold).state == "held"
    assert DisclosureEntry.objects.values_list("kind", flat=True).first() == "cancelled"


@pytest.fixture
def half_way(gold, time_machine):
    """A booking of three days on pages and a briefing, on the morning of its second day."""
    sold = factories.confirmed(gold, start=factories.soon(7))
    for creative in sold.creatives.all():
        factories.approved(creative)
    factories.wait(time_machine, days=8)
    return sold


def test_cancelling_half_way_takes_back_what_is_ahead_and_leaves_what_ran(half_way):
    claims = half_way.claims.order_by("unit__date", "unit__channel")
    clicks.record_click(claim_id=claims[0].pk, nonce="a")
    booking.cancel(half_way, by=None)
    assert [claim.state for claim in claims.all()] == ["confirmed", "confirmed", "released", "released"]
    assert reports.report_on(half_way).valid == 1
    assert half_way.sponsor in Sponsor.objects.current_or_recent()
    entry = DisclosureEntry.objects.first()
    assert (entry.kind, len(entry.placements)) == ("cancelled", 2)
    assert f"{factories.today():%-d %b %Y} to" in entry.placements[1]
    text = bytes(OutgoingMail.objects.order_by("pk").last().message).decode()
    ran, back = (f"- {factories.soon(day):%a %-d %b %Y}: Slot in web:article" for day in (-1, 1))
    assert text.index("cancelled. These") < text.index(back) < text.index("What ran stays") < text.index(ran)


def test_an_ad_that_runs_stops_when_its_booking_is_cancelled(half_way):
    assert factories.shown_on("web:article", factories.today())
    booking.cancel(half_way, by=None)
    assert factories.shown_on("web:article", factories.today()) is None


def test_what_is_over_cannot_be_cancelled(half_way, time_machine):
    factories.wait(time_machine, days=2)
    with pytest.raises(TransitionRefused, match="All its days are over"):
        booking.cancel(half_way, by=None)
    half_way.refresh_from_db()
    assert half_way.state == "confirmed"


def test_a_booking_that_ran_in_part_is_kept_as_long_as_the_books(half_way, time_machine):
    booking.cancel(half_way, by=None)
    factories.wait(time_machine, days=200)
    retention.forget_bookings()
    half_way.refresh_from_db()
    assert half_way.contact_email


def test_a_hold_ends_at_its_first_cut_off_at_the_latest(gold):
    near = factories.held(gold, start=factories.soon(2))
    first = min(claim.unit.cutoff_at for claim in near.claims.all())
    assert near.hold_until == first < near.requested_at + booking.HOLD_FOR


def test_days_that_passed_are_not_sold_late(gold, time_machine):
    late = factories.held(gold)
    factories.wait(time_machine, days=30)
    with pytest.raises(TransitionRefused, match="no ad can be handed in any more"):
        booking.confirm(late, by=None)
    assert not late.claims.filter(state="confirmed").exists()


def test_a_hold_that_ran_out_is_told_to_both_sides(gold):
    factories.user("seller@example.com").groups.add(Group.objects.get(name="sponsorship manager"))
    late = factories.held(gold)
    OutgoingMail.objects.all().delete()
    claims.expire_stale(now=late.hold_until)
    claims.expire_stale(now=late.hold_until)
    assert {(mail.recipient, mail.kind) for mail in OutgoingMail.objects.all()} == {
        ("ads@northwind.example", "sponsors.booking_lapsed"),
        ("seller@example.com", "sponsors.booking_lapsed_to_us"),
    }
    assert OutgoingMail.objects.count() == 2


def test_a_cancelled_booking_stays_cancelled(gold):
    over = booking.cancel(factories.held(gold), by=None)
    for step in (booking.cancel, booking.confirm):
        with pytest.raises(TransitionRefused):
            step(over, by=None)


def test_a_hold_that_ran_out_gives_way_to_the_next_buyer(gold, time_machine):
    first = factories.held(gold)
    factories.wait(time_machine, hours=72, seconds=1)
    second = factories.held(gold, start=factories.soon(7 - booking.HOLD_FOR.days), company="Second Ltd")
    first.refresh_from_db()
    assert (first.state, second.state) == ("expired", "held")


def test_a_hold_that_ran_out_is_free_before_anyone_swept(gold, time_machine):
    factories.held(gold)
    taken = RunUnit.objects.taken().count()
    factories.wait(time_machine, hours=72, seconds=1)
    assert (taken, RunUnit.objects.taken().count()) == (4, 0)


def test_a_hold_that_ran_out_is_confirmed_late_if_its_units_are_free(gold):
    late = factories.held(gold)
    claims.expire_stale(now=late.hold_until)
    late.refresh_from_db()
    assert late.state == "expired"
    assert booking.confirm(late, by=None).state == "confirmed"
    assert late.claims.filter(state="confirmed").count() == 4


def test_a_hold_that_ran_out_is_not_confirmed_once_others_have_its_units(gold):
    late = factories.held(gold)
    claims.expire_stale(now=late.hold_until)
    factories.held(gold, start=factories.soon(8), company="Second Ltd")
    with pytest.raises(booking.Unavailable, match="someone else now has some of its days") as refused:
        booking.confirm(late, by=None)
    assert refused.value.alternatives
    assert late.claims.filter(state="released").count() == 4


def test_the_sweep_releases_only_what_ran_out(gold):
    held = factories.held(gold)
    assert claims.expire_stale() == 0
    assert claims.expire_stale(now=held.hold_until) == 1
    assert claims.expire_stale(now=held.hold_until) == 0


def test_both_sides_get_a_mail(gold, django_user_model):
    factories.user("seller@example.com").groups.add(Group.objects.get(name="sponsorship manager"))
    factories.held(gold, message="We sell safes.")
    mails = {row.recipient: bytes(row.message).decode() for row in OutgoingMail.objects.all()}
    assert set(mails) == {"ads@northwind.example", "seller@example.com"}
    assert "/advertise/portal/" in mails["ads@northwind.example"]
    assert "We sell safes." in mails["seller@example.com"]


def test_opening_days_twice_changes_nothing(gold):
    before = RunUnit.objects.count()
    factories.open_days(gold.items.get(quantity=3).kind)
    assert RunUnit.objects.count() == before


def test_the_next_starts_skip_what_is_taken(gold):
    factories.held(gold, start=factories.soon(9))
    starts = availability.calendar([gold]).starts(gold, limit=3)
    assert all(factories.held(gold, start=day, company=str(day)) for day in starts[:1])
    assert not {factories.soon(day) for day in (7, 8, 9, 10, 11)} & set(starts)


def test_the_calendar_takes_one_query(gold, django_assert_num_queries):
    from sponsors.models import Package

    packages = list(Package.objects.on_sale())
    with django_assert_num_queries(1):
        availability.calendar(packages).starts(packages[0], limit=10)


def test_the_day_turns_once(gold, time_machine):
    assert availability.turn_day() > 0
    assert availability.turn_day() == 0
    factories.wait(time_machine, days=1)
    assert availability.turn_day() > 0
    assert RunUnit.objects.filter(phase="past").exists()


def test_the_turn_of_the_day_has_pages_made_anew(gold):
    from core.models import ContentGeneration

    before = ContentGeneration.objects.get(pk=1).value
    availability.turn_day()
    assert ContentGeneration.objects.get(pk=1).value > before
