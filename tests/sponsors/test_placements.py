"""What stands in a slot is booked, approved, on its day, and labelled."""

import pytest
from django.template.loader import render_to_string

from sponsors import approval, booking
from sponsors.models import Creative, RunUnit
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


def slot():
    """The ad of today as the pages include it."""
    placement = factories.shown_on("web:article", factories.today())
    return render_to_string("components/sponsor_slot.html", {"placement": placement})


def test_an_approved_creative_of_a_confirmed_booking_runs_on_its_day():
    sold = factories.running()
    placement = factories.shown_on("web:article", factories.today())
    assert (placement.sponsor_name, placement.tier, placement.label) == (
        "Northwind Custody",
        "gold",
        "Paid advertisement",
    )
    assert placement.link_url == "https://northwind.example/start?ref=moon"
    assert placement.claim_id == sold.claims.get().pk


def test_it_runs_on_no_other_day_and_no_other_channel():
    factories.running()
    assert factories.shown_on("web:article", factories.soon(1)) is None
    assert factories.shown_on("web:home", factories.today()) is None


def test_a_mere_hold_does_not_run():
    bought = factories.package()
    factories.open_days(bought.items.get().kind)
    factories.approved(factories.held(bought, start=factories.today()).creatives.get())
    assert factories.shown_on("web:article", factories.today()) is None


def test_a_cancelled_booking_stops_running():
    booking.cancel(factories.running(), by=None)
    assert factories.shown_on("web:article", factories.today()) is None


def test_an_edit_waits_while_the_last_approved_version_runs():
    creative = factories.running().creatives.get()
    factories.submitted(creative, headline="Something new")
    assert factories.shown_on("web:article", factories.today()).headline == "Keys that stay yours"


def test_an_approved_edit_takes_over():
    creative = factories.running().creatives.get()
    factories.approved(creative, headline="Something new")
    assert factories.shown_on("web:article", factories.today()).headline == "Something new"


def test_a_version_rejected_later_no_longer_runs():
    version = factories.running().creatives.get().latest
    approval.reject(version, by=factories.user(), reason="It promises returns.")
    assert factories.shown_on("web:article", factories.today()) is None


def test_what_comes_after_the_cut_off_does_not_run_in_that_unit():
    creative = factories.running().creatives.get()
    RunUnit.objects.update(cutoff_at=creative.latest.submitted_at)
    factories.approved(creative, headline="Too late")
    assert factories.shown_on("web:article", factories.today()).headline == "Keys that stay yours"


def test_a_house_ad_fills_a_day_nobody_bought_and_says_whose_it_is():
    kind = factories.kind()
    factories.approved(Creative.objects.create(kind=kind), link_url="https://moonpress.example/newsletter/")
    placement = factories.shown_on("web:article", factories.today())
    assert (placement.is_house, placement.label, placement.claim_id) == (True, "From us", None)
    assert placement.click_url == "https://moonpress.example/newsletter/"
    assert "sponsored" not in slot()


def test_a_bought_day_comes_before_the_house_ad():
    sold = factories.running()
    factories.approved(Creative.objects.create(kind=sold.creatives.get().kind), headline="Ours")
    assert not factories.shown_on("web:article", factories.today()).is_house


def test_the_first_position_of_a_channel_is_shown():
    first = factories.running()
    second = factories.running(company="Second Ltd")
    second.creatives.get().kind.__class__.objects.filter(pk=second.creatives.get().kind_id).update(position=0)
    assert factories.shown_on("web:article", factories.today()).sponsor_name == "Second Ltd" != first.company


def test_a_placement_takes_one_query_and_one_for_the_rules_it_is_under(django_assert_num_queries):
    factories.running()
    with django_assert_num_queries(2):
        factories.shown_on("web:article", factories.today())


def test_the_slot_is_labelled_and_its_link_says_sponsored():
    factories.running()
    html = slot()
    assert "Paid advertisement" in html
    assert 'rel="sponsored noopener' in html
    assert "/advertise/go/" in html
    assert "https://northwind.example" not in html


def test_markup_in_a_creative_does_not_reach_the_page():
    creative = factories.running().creatives.get()
    factories.approved(
        creative, headline="<b>Bold</b> & <script>alert(1)</script>new", body='<a href="https://x.example">x</a>'
    )
    html = slot()
    assert "Bold &amp; new" in html
    assert "alert(1)" not in html
    assert html.count("<script") == 1, "our own, of views"
    assert "x.example" not in html


def test_an_empty_slot_renders_nothing():
    assert slot().strip() == ""
