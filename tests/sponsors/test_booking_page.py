"""A booking's own page at the desk: its story, and the one button that takes it on; a sponsor's page with all its bookings."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from core.models import AuditEntry, OutgoingMail
from sponsors import booking, emails, outlook, payments
from sponsors.models import MakeGood, Notice, SponsorNote
from sponsors.money import invoices
from tests.desks import press
from tests.html import one_line
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    someone = factories.user("manager@example.com")
    someone.groups.add(Group.objects.get(name="sponsorship manager"))
    client.force_login(someone)
    return someone


def overview(row):
    return f"/admin/sponsors/{row._meta.model_name}/{row.pk}/overview/"


def test_a_booking_from_asking_to_its_last_day_by_its_one_button(client, manager, time_machine):
    row = factories.held()
    page = overview(row)
    press(client, page)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("confirmed", manager)
    OutgoingMail.objects.all().delete()
    press(client, page)  # no ad yet: the sponsor is asked for it
    assert OutgoingMail.objects.get().kind == "sponsors.creative_due"
    version = factories.submitted(row.creatives.get())
    offered = client.get(page).context["next"]
    assert (offered.step.name, offered.url) == ("review", f"/admin/sponsors/creative/{version.creative_id}/change/")
    factories.approve(version, by=manager)
    assert "its ads run by themselves" in client.get(page).context["quiet"]
    time_machine.move_to(row.claims.get().unit.cutoff_at)
    MakeGood.objects.create(claim=row.claims.get(), reason="The site was down.")
    press(client, page)
    assert row.claims.count() == 2
    factories.wait(time_machine, days=40)
    client.force_login(manager)
    assert client.get(page).context["next"] is None


def test_its_story_has_what_was_done_written_handed_in_and_decided(client, manager):
    row = factories.held(message="We launch in May.")
    press(client, overview(row))
    factories.approved(row.creatives.get())
    booking.cancel(row, by=manager, reason="They went elsewhere.")
    said = one_line(client.get(overview(row)).content)
    for words in (
        "We launch in May.", "Confirmed", "Version 1 handed in", "Version 1 for", "Cancelled", "They went elsewhere.",
        "Mail to the sponsor: Your Gold package is confirmed", "Mail to us: Booking request", "Public log, entry 1: booked",
    ):  # fmt: skip
        assert words in said, words
    assert client.get(overview(row)).context["next"] is None


def test_a_booking_that_waits_for_an_address_to_bill_is_asked_for_it_and_tells_what_was_billed_and_paid(
    client, manager
):
    factories.seller()
    row = factories.confirmed()
    billing = "/advertise/billing/"
    confirmed, asked = OutgoingMail.objects.get(kind="sponsors.booking_confirmed"), overview(row)
    assert billing in bytes(confirmed.message).decode()
    assert client.get(asked).context["next"].step.name == "remind", "the ad comes first"
    factories.approve(factories.submitted(row.creatives.get()))
    assert client.get(asked).context["next"].step.name == "ask_to_whom"
    press(client, asked)
    assert billing in bytes(OutgoingMail.objects.get(kind="sponsors.billing_asked").message).decode()
    assert "It was asked last on" in one_line(client.get(asked).content)
    factories.billed_to(row)
    invoices.issue_waiting()
    payments.receive(row, Decimal("785.00"), currency="USD", paid_on=factories.today(), note="First half", by=manager)
    page = client.get(asked)
    assert page.context["next"] is None
    number = row.invoices.get().number
    for words in (f"Invoice {number}: USD 1,785", "Payment: USD -785", "First half", "USD 1,000 is owed to us"):
        assert words in one_line(page.content), words
    received = OutgoingMail.objects.get(kind="sponsors.payment_received")
    assert received.subject == "We have received USD 785 for your Gold package"
    assert "USD 1,000 is still due." in bytes(received.message).decode()


def test_an_address_that_nobody_confirmed_is_sold_to_knowingly(client, manager):
    row = factories.held(is_address_known=False)
    listed = {"action": "confirm_selected", "_selected_action": [row.pk]}
    assert b"Nobody has confirmed its address" in client.post("/admin/sponsors/booking/", listed, follow=True).content
    unread = client.get(overview(row)).context["next"]
    posted = {"step": unread.step.name, "seen": unread.seen}
    client.post(overview(row).replace("overview", "step"), posted)  # without the tick
    row.refresh_from_db()
    assert row.state == "held"
    press(client, overview(row))
    row.refresh_from_db()
    assert row.state == "confirmed"
    assert "nobody has confirmed its address" in AuditEntry.objects.get(action="confirmed").detail


def test_a_step_is_not_taken_where_the_page_said_something_else(client, manager):
    row = factories.held()
    seen = client.get(overview(row)).context["next"]
    row.claims.first().unit.kind.units.update(cutoff_at=row.requested_at)
    posted = {"step": seen.step.name, "seen": seen.seen}
    said = client.post(overview(row).replace("overview", "step"), posted, follow=True).content.decode()
    assert "No ad can be handed in any more" in said
    row.refresh_from_db()
    assert row.state == "held"


def test_cancelling_asks_first(client, manager):
    row = factories.confirmed()
    asked = client.get(f"/admin/sponsors/booking/{row.pk}/cancel/").content.decode()
    assert "Given back, and free for others at once" in asked
    assert "Credited by our terms: USD 1,500 of USD 1,500" in asked
    client.post(f"/admin/sponsors/booking/{row.pk}/cancel/", {"reason": "It was a mistake."})
    row.refresh_from_db()
    assert (row.state, row.reason) == ("cancelled", "It was a mistake.")


def test_the_places_of_a_booking_lead_to_where_their_cut_off_is_moved(client, manager):
    row = factories.confirmed()
    assert f'<a href="/admin/sponsors/rununit/{row.claims.get().unit_id}/change/">' in one_line(
        client.get(overview(row)).content
    )


def test_a_sponsor_has_a_page_with_its_bookings_and_notes(client, manager, django_assert_max_num_queries):
    row = factories.confirmed()
    for number in range(3):
        factories.open_days(row.package.items.get().kind, first=factories.soon(50 + number), days=1)
        factories.confirmed(row.package, start=factories.soon(50 + number))
    client.post(overview(row.sponsor), {"text": "Wants mornings only."})
    with django_assert_max_num_queries(20):
        said = one_line(client.get(overview(row.sponsor)).content)
    assert "USD 6,000" in said
    assert "Wants mornings only." in said
    assert SponsorNote.objects.get().by == manager


def test_a_mail_of_the_clock_about_one_thing_is_sent_once():
    row = factories.confirmed()
    sent = [emails.creative_due(row, outlook.of_booking(row), about="first") for _ in range(2)]
    assert sent == [True, False]
    assert Notice.objects.filter(kind="creative_due").count() == 1
