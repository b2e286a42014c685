"""Days of a booking move or are swapped, whole or not at all; categories and blackouts keep days from being had."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.advisory_locks import AdvisoryLock
from core.models import AuditEntry, OutgoingMail
from core.transitions import TransitionRefused
from sponsors import availability, booking, claims, make_goods, moves
from sponsors.models import Blackout, Booking, Claim, DisclosureEntry, MakeGood, RunUnit
from tests.html import one_line
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold():
    article, mail = factories.kind(), factories.kind("mail:orbit", is_exclusive=True)
    made = factories.package({article: 2, mail: 1})
    factories.open_days(article, mail, days=20)
    return made


def days_of(row):
    return sorted((claim.unit.date - factories.today()).days for claim in row.claims.filter(state__in=claims.LIVE))


def test_the_sponsor_moves_all_days_to_another_start(gold, client):
    row = factories.confirmed(gold)
    OutgoingMail.objects.all().delete()
    assert client.post(row.days_path, {"start": factories.soon(10).isoformat()}).status_code == 302
    assert days_of(row) == [10, 10, 11]
    assert [entry.kind for entry in DisclosureEntry.objects.order_by("number")] == ["booked", "cancelled", "booked"]
    assert set(OutgoingMail.objects.values_list("kind", flat=True)) == {"sponsors.days_moved"}
    assert RunUnit.objects.free().filter(date=factories.soon(7)).count() == 2
    assert AuditEntry.objects.get(action="moved").by_name == "the sponsor"


def test_one_day_moves_and_the_others_stay(gold, client):
    row = factories.held(gold)
    first = row.claims.filter(unit__channel="web:article").order_by("unit__date").first()
    client.post(row.days_path, {f"place{first.pk}": factories.soon(12).isoformat()})
    assert days_of(row) == [7, 8, 12]
    assert not DisclosureEntry.objects.exists()


def test_a_day_that_a_booking_has_to_itself_in_its_category_is_open_to_its_other_places(gold):
    briefing = gold.items.get(kind__channel="mail:orbit").kind
    below = factories.kind("mail:orbit", name="Below in the briefing", is_exclusive=True)
    factories.open_days(below, days=20)
    made = factories.package({briefing: 1, below: 2}, tier="silver")
    row = factories.confirmed(made, category="exchange")
    theirs = factories.held(gold, company="Second Ltd", category="exchange", start=factories.soon(12))
    last = row.claims.filter(unit__kind=below).latest("unit__date")
    assert days_of(row) == [7, 7, 8]
    free = moves.choices(row, [last])[below.pk]
    assert factories.soon(9) in free
    assert factories.soon(12) not in free, "another of the category has that issue"
    moves.move(theirs, {theirs.claims.get(unit__kind=briefing).pk: factories.soon(13)}, by=None)
    moves.move(row, {last.pk: factories.soon(12)}, by=None)
    assert factories.soon(8) in moves.choices(row, [last])[below.pk]
    first = row.claims.get(unit__kind=briefing)
    assert factories.soon(12) in moves.choices(row, [first])[briefing.pk], "its own day shuts nobody of its own out"
    moves.move(row, {first.pk: factories.soon(12)}, by=None)
    assert days_of(row) == [7, 12, 12]


def test_where_one_of_the_days_is_taken_none_moves(gold, client):
    row = factories.confirmed(gold)
    factories.held(gold, company="Second Ltd", start=factories.soon(11))
    wanted = {claim.pk: claim.unit.date + timedelta(days=3) for claim in row.claims.all()}
    with pytest.raises(booking.Unavailable, match="is taken"):
        moves.move(row, wanted, by=None)
    assert days_of(row) == [7, 7, 8]
    assert client.get(row.days_path).status_code == 200


def test_the_sponsor_moves_nothing_after_its_cut_off_and_staff_do_with_a_reason(gold):
    row, boss = factories.confirmed(gold), factories.user("boss@example.com")
    RunUnit.objects.filter(claims__booking=row).update(cutoff_at=row.requested_at)
    place = row.claims.order_by("unit__date").last()
    wanted = {place.pk: factories.soon(12)}
    with pytest.raises(TransitionRefused, match="can no longer move"):
        moves.move(row, wanted, by=None)
    with pytest.raises(TransitionRefused, match="Say why"):
        moves.move(row, wanted, by=boss)
    moves.move(row, wanted, by=boss, reason="The site is down that day.")
    assert days_of(row) == [7, 7, 12]
    assert b"The site is down" in bytes(OutgoingMail.objects.filter(kind="sponsors.days_moved").get().message)


def test_two_bookings_swap_a_day_at_the_desk_and_both_are_told(gold, client):
    boss = factories.user("boss@example.com")
    boss.groups.add(Group.objects.get(name="sponsorship manager"))
    client.force_login(boss)
    one = factories.confirmed(gold)
    two = factories.held(gold, company="Second Ltd", start=factories.soon(10))
    OutgoingMail.objects.all().delete()
    mine, theirs = (row.claims.get(unit__channel="mail:orbit").pk for row in (one, two))
    assert "Swap a day" in one_line(client.get(f"/admin/sponsors/booking/{one.pk}/move/").content)
    posted = {"mine": mine, "theirs": theirs, "reason": "As agreed."}
    client.post(f"/admin/sponsors/booking/{one.pk}/swap/", posted)
    assert (days_of(one), days_of(two)) == ([7, 8, 10], [7, 10, 11])
    assert set(Claim.objects.get(pk=theirs).booking.claims.values_list("state", flat=True)) == {"held"}
    told = OutgoingMail.objects.filter(kind="sponsors.days_moved").values_list("recipient", flat=True)
    assert set(told) == {"ads@northwind.example", "ads@second.example"}


def test_a_booking_that_is_over_moves_nothing(gold):
    row = booking.cancel(factories.held(gold), by=None)
    with pytest.raises(TransitionRefused, match="over"):
        moves.move(row, {row.claims.first().pk: factories.soon(12)}, by=None)


def test_an_issue_has_one_booking_of_a_category(gold, client):
    kind = gold.items.get(kind__channel="mail:orbit").kind
    factories.open_days(*(item.kind for item in gold.items.all()), days=20, per_day=2)
    row = factories.held(gold, category="exchange")
    with pytest.raises(booking.Unavailable, match="same category") as refused:
        factories.held(gold, company="Second Ltd", category="exchange")
    assert factories.soon(7) not in refused.value.alternatives
    assert factories.held(gold, company="Third Ltd", category="wallet").category == "wallet"
    table = availability.table([gold], category="exchange")
    row_of_day = next(line for month in table.months for line in month.rows if line.day == factories.soon(7))
    assert row_of_day.cells[table.kinds.index(kind)].words == "taken in your category"
    assert "taken in your category" in client.get("/advertise/book/gold/?category=exchange").content.decode()
    booking.cancel(row, by=None)
    assert factories.held(gold, company="Second Ltd", category="exchange").claims.exclude(exclusive="").count() == 1


def test_the_database_refuses_a_second_of_a_category_in_an_issue(gold):
    factories.open_days(*(item.kind for item in gold.items.all()), days=20, per_day=2)
    key = factories.held(gold, category="exchange").claims.exclude(exclusive="").get().exclusive
    other = factories.held(gold, company="Second Ltd")
    with pytest.raises(IntegrityError, match=claims.ONE_OF_CATEGORY), transaction.atomic():
        other.claims.filter(unit__channel="mail:orbit").update(exclusive=key)


def test_a_sponsor_that_we_know_keeps_its_category_whatever_the_form_said(gold):
    factories.open_days(*(item.kind for item in gold.items.all()), days=20, per_day=2)
    row = factories.confirmed(gold, category="exchange")
    sly = factories.held(gold, company="Second Ltd", category="wallet")
    Booking.objects.filter(pk=sly.pk).update(sponsor=row.sponsor)
    with pytest.raises(TransitionRefused, match="same category"):
        booking.confirm(sly, by=None)


def test_a_make_good_passes_over_issues_of_its_category(gold):
    kinds = [item.kind for item in gold.items.all()]
    factories.open_days(*kinds, days=20, per_day=2)
    row = factories.confirmed(gold, category="exchange")
    other = factories.confirmed(gold, company="Second Ltd", category="exchange", start=factories.soon(1))
    owed = MakeGood.objects.create(claim=row.claims.get(unit__channel="mail:orbit"), reason="It stopped.")
    given = make_goods.give(owed, by=factories.user("boss@example.com"))
    assert given.unit.date not in set(other.claims.exclude(exclusive="").values_list("unit__date", flat=True))


def test_nothing_is_sold_on_a_blackout_and_what_was_sold_stays(gold, client):
    row = factories.confirmed(gold)
    Blackout.objects.create(first=factories.soon(7), last=factories.soon(8), words="Our awards")
    later = factories.held(gold, company="Second Ltd")
    assert days_of(later) == [9, 9, 10]
    assert days_of(row) == [7, 7, 8]
    said = one_line(client.get("/advertise/book/gold/").content)
    assert '<span class="slot slot--none">Our awards</span>' in said
    claims.expire_stale(now=later.hold_until)
    Blackout.objects.create(first=factories.soon(9), last=factories.soon(9), channel="mail:orbit", words="No mail")
    with pytest.raises(TransitionRefused, match="off sale"):
        booking.confirm(later, by=None)


def test_the_calendar_says_in_words_how_each_place_stands(gold, client):
    mail = gold.items.get(kind__channel="mail:orbit").kind
    factories.open_days(mail, days=20, per_day=3)
    factories.held(gold)
    said = one_line(client.get("/advertise/book/gold/").content)
    for state, words in (("free", "free"), ("few", "2 left"), ("taken", "taken")):
        assert f'<span class="slot slot--{state}">{words}</span>' in said
    assert f'value="{factories.soon(9)}"' in said
    assert f'value="{factories.soon(7)}"' not in said  # an article day is taken
    assert "2 left" in one_line(client.get("/advertise/").content)


def cancelled(row, _other):
    booking.cancel(row, by=None)


def confirmed(row, _other):
    other = factories.held(row.package, company="Third Ltd", start=factories.soon(14))
    factories.billed_to(other)
    booking.confirm(other, by=None)


def moved(row, _other):
    moves.move(row, {claim.pk: claim.unit.date + timedelta(days=9) for claim in row.claims.all()}, by=None)


def swapped(row, other):
    mine, theirs = (each.claims.get(unit__channel="mail:orbit") for each in (row, other))
    moves.swap(mine, theirs, by=factories.user("boss@example.com"), reason="As agreed.")


LOG, NUMBER, PLACES = str(int(AdvisoryLock.DISCLOSURES)), "sponsors_invoiceseries", 'UPDATE "sponsors_claim"'


@pytest.mark.parametrize(
    ("act", "first", "then"),
    [(confirmed, LOG, NUMBER), (cancelled, LOG, NUMBER), (moved, PLACES, LOG), (swapped, PLACES, LOG)],
)
def test_places_are_waited_for_before_the_log_and_that_before_an_invoices_number(gold, act, first, then):
    factories.seller()
    row, other = factories.invoiced(gold), factories.confirmed(gold, company="Second Ltd", start=factories.soon(11))
    with CaptureQueriesContext(connection) as queries:
        act(row, other)
    earlier, later = ([n for n, each in enumerate(queries) if words in each["sql"]] for words in (first, then))
    assert max(earlier) < min(later)
