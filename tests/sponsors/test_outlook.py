"""What will run in a place, and why: the same truth for sponsor, staff and the briefing's editor."""

import pytest

from sponsors import approval, outlook
from sponsors.models import RunUnit
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold():
    return factories.confirmed()


def words(booking):
    (found,) = outlook.of_booking(booking)
    shown = factories.shown_on("web:article", found.claim.unit.date)
    assert (found.runs is not None) is (shown is not None)
    return found.words


def test_nothing_handed_in_says_until_when(sold):
    assert words(sold).startswith("Nothing handed in yet: it has to come by ")


def test_what_waits_and_what_is_approved_is_said(sold):
    creative = sold.creatives.get()
    first = factories.submitted(creative)
    assert words(sold) == "Version 1 waits for our review: without it, an ad of our own runs."
    factories.approve(first)
    assert words(sold) == "Version 1 is approved and runs."
    factories.submitted(creative, headline="Newer")
    assert words(sold) == "Version 2 waits for our review: without it, version 1 runs."


def test_what_is_approved_after_its_cut_off_does_not_run_and_every_page_says_why(sold, client, time_machine):
    RunUnit.objects.update(cutoff_at=sold.requested_at)
    factories.wait(time_machine, hours=1)
    factories.approved(sold.creatives.get())
    said = words(sold)
    assert said.startswith("Version 1 came after the cut-off, ")
    assert said.endswith(": an ad of our own runs.")
    assert said in client.get(sold.portal_path).content.decode()
    client.force_login(factories.user("boss@example.com", is_staff=True, is_superuser=True))
    for page in (f"booking/{sold.pk}/overview", f"creative/{sold.creatives.get().pk}/change"):
        assert said in client.get(f"/admin/sponsors/{page}/").content.decode()


def test_a_cut_off_that_staff_move_lets_it_run(sold, time_machine):
    RunUnit.objects.update(cutoff_at=sold.requested_at)
    factories.wait(time_machine, hours=1)
    factories.approved(sold.creatives.get())
    RunUnit.objects.update(cutoff_at=factories.timezone.now())
    assert words(sold) == "Version 1 is approved and runs."


def test_a_rejected_one_can_be_replaced_until_the_cut_off(sold):
    version = factories.submitted(sold.creatives.get())
    approval.reject(version, by=factories.user(), reason="No.")
    assert words(sold).startswith("Version 1 was rejected: an ad of our own runs, unless a new one comes by ")


def test_days_that_are_over_say_what_ran(sold, time_machine):
    factories.approved(sold.creatives.get())
    factories.wait(time_machine, days=9)
    assert words(sold) == "Over: version 1 ran."


def test_many_places_take_two_queries(django_assert_num_queries):
    slot = factories.kind()
    bought = factories.package({slot: 7})
    factories.open_days(slot)
    sold = factories.confirmed(bought)
    with django_assert_num_queries(2):
        assert len(outlook.of_booking(sold)) == 7
