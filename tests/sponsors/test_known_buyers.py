"""A hold needs a confirmed address, is bounded, and can be waited for."""

import re
from datetime import timedelta

import pytest

from core.models import OutgoingMail
from core.transitions import TransitionRefused
from sponsors import booking, claims, retention, waiting_list
from sponsors.availability import Series
from sponsors.models import BlockedDomain, Booking, Claim, WaitingBuyer
from tests.newsletter.factories import profile
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold():
    profile(sponsor_email="boss@example.com")
    made = factories.package({factories.kind(name="Article place"): 2})
    factories.open_days(made.items.get().kind)
    return made


def ask(client, company="Northwind Custody", address="ads@northwind.example", day=7):
    sent = {"company": company, "contact_email": address, "start": factories.soon(day).isoformat()}
    return client.post("/advertise/book/gold/", sent)


def mails(kind):
    return list(OutgoingMail.objects.filter(kind=f"sponsors.{kind}").values_list("recipient", flat=True))


def test_dates_are_held_for_minutes_until_the_mailed_link_is_used(gold, client):
    page = client.get(ask(client)["Location"]).content.decode()
    made = Booking.objects.get()
    assert "look at your mail" in page
    assert made.hold_until - made.requested_at == timedelta(minutes=30)
    assert (mails("address_to_confirm"), mails("booking_to_decide")) == (["ads@northwind.example"], [])


def test_a_look_at_the_link_keeps_nothing_and_its_button_keeps_the_dates(gold, client):
    ask(client)
    made = Booking.objects.get()
    assert b"Keep these dates" in client.get(made.keep_path).content
    made.refresh_from_db()
    assert made.address_confirmed_at is None
    answer = client.post(made.keep_path)
    assert answer["Location"].startswith("/advertise/portal/")
    made.refresh_from_db()
    assert made.hold_until - made.address_confirmed_at == booking.HOLD_FOR
    client.post(made.keep_path)
    assert (mails("booking_requested"), mails("booking_to_decide")) == (["ads@northwind.example"], ["boss@example.com"])


def test_dates_that_nobody_kept_are_free_again_without_a_word(gold, client, time_machine):
    ask(client)
    factories.wait(time_machine, minutes=31)
    claims.expire_stale()
    assert Booking.objects.get().state == "expired"
    assert mails("booking_lapsed") == mails("booking_lapsed_to_us") == []


def test_a_late_click_takes_them_again_or_says_who_was_faster_with_other_days(gold, client, time_machine):
    ask(client)
    made = Booking.objects.get()
    factories.wait(time_machine, minutes=31)
    assert client.post(made.keep_path).status_code == 302
    Booking.objects.update(address_confirmed_at=None, hold_until=made.requested_at)
    factories.held(gold, company="Faster Ltd")
    late = client.post(made.keep_path)
    assert late.status_code == 409
    assert "someone else now has some of its days" in late.content.decode()
    assert "The package could start on" in late.content.decode()


def test_conflicts_count_for_no_limit(gold, client):
    factories.held(gold, company="Faster Ltd")
    assert [ask(client).status_code for _ in range(8)] == [409] * 8
    assert ask(client, day=10).status_code == 302


def test_what_one_company_or_address_holds_is_bounded(gold, client):
    for day in (4, 7, 10):
        factories.held(gold, start=factories.soon(day))
    refused = ask(client, address="other@northwind.example", day=13)
    assert refused.status_code == 429
    assert "3 bookings of yours wait for our answer already" in refused.content.decode()
    assert ask(client, company="Someone Else", address="ads@northwind.example", day=13).status_code == 429
    assert ask(client, company="Someone Else", address="ann@elsewhere.example", day=13).status_code == 302


def test_nobody_shuts_a_company_out_by_using_its_name(gold, client):
    for day in (4, 7, 10):
        made = {"package": gold, "company": "Victim Inc", "contact_email": "evil@evil.example"}
        booking.hold(**made, start=factories.soon(day), is_address_known=True)
    assert ask(client, company="Victim Inc", address="ads@victim.example", day=13).status_code == 302
    assert client.post(Booking.objects.get(contact_email="ads@victim.example").keep_path).status_code == 302


def test_who_asks_again_gets_the_mail_again_but_not_for_ever(gold, client):
    assert [ask(client).status_code for _ in range(6)] == [302] * 5 + [429]
    assert mails("address_to_confirm") == ["ads@northwind.example"] * 5
    assert Booking.objects.count() == 1


def test_a_link_used_after_staff_confirmed_leads_to_the_own_page(gold, client):
    ask(client)
    made = booking.confirm(Booking.objects.get(), by=None, is_known_to_be_unknown=True)
    assert client.post(made.keep_path)["Location"].startswith("/advertise/portal/")
    made.refresh_from_db()
    assert (made.state, made.address_confirmed_at is None) == ("confirmed", False)


def test_a_link_used_after_staff_cancelled_says_so(gold, client):
    ask(client)
    booking.cancel(Booking.objects.get(), by=None)
    page = client.post(Booking.objects.get().keep_path)
    assert page.status_code == 409
    assert "This booking is cancelled" in page.content.decode()


def test_several_pre_holds_of_one_company_are_not_all_kept(gold, client):
    made = [factories.held(gold, start=factories.soon(day), is_address_known=False) for day in (4, 7, 10, 13)]
    assert [client.post(row.keep_path).status_code for row in made] == [302, 302, 302, 409]


@pytest.mark.parametrize(
    ("address", "status"), [("a@spam.example", 200), ("a@x.spam.example", 200), ("a@notspam.example", 302)]
)
def test_staff_block_a_domain_with_all_below_it(gold, client, address, status):
    client.force_login(factories.user("boss@example.com", is_staff=True, is_superuser=True))
    client.post("/admin/sponsors/blockeddomain/add/", {"domain": "@Spam.example", "note": "Made up"})
    assert BlockedDomain.objects.get().domain == "spam.example"
    client.logout()
    answer = ask(client, address=address)
    assert answer.status_code == status
    assert (b"We take no bookings from this address" in answer.content) == (status == 200)


def test_a_pre_hold_asks_nobody_to_decide(gold, client):
    ask(client)
    client.force_login(factories.user("boss@example.com", is_staff=True, is_superuser=True))
    assert "No booking request is open." in client.get("/admin/").content.decode()


def test_who_waits_is_told_once_when_a_day_is_free_that_was_not(gold, client):
    taken = factories.held(gold)
    page = client.get("/advertise/book/gold/").content.decode()
    assert re.search(r'action="/advertise/wait/gold/"', page)
    sent = {"company": "Patient Ltd", "contact_email": "ann@patient.example"}
    assert b"You are on the list" in client.post("/advertise/wait/gold/", sent).content
    assert waiting_list.tell() == 0
    booking.cancel(taken, by=None)
    assert (waiting_list.tell(), waiting_list.tell()) == (1, 0)
    assert mails("dates_free") == ["ann@patient.example"]
    assert not WaitingBuyer.objects.exists()


def test_nobody_is_told_of_days_that_only_came_into_view(gold, time_machine):
    factories.open_days(gold.items.get().kind, days=140)
    waiting_list.join(gold, company="Patient Ltd", contact_email="ann@patient.example")
    taken = factories.held(gold, start=factories.soon(100))
    factories.wait(time_machine, days=2)
    assert waiting_list.tell() == 0
    waiting_list.join(gold, company="Patient Ltd", contact_email="Ann@patient.example")
    booking.cancel(taken, by=None)
    assert (waiting_list.tell(), mails("dates_free")) == (1, ["ann@patient.example"])


def test_an_address_that_was_never_confirmed_is_forgotten_in_days(gold, client, time_machine):
    ask(client)
    factories.wait(time_machine, days=4)
    claims.expire_stale()
    retention.forget_bookings()
    assert Booking.objects.get().contact_email == ""
    assert not Claim.objects.exclude(state="released").exists()


def test_an_expired_link_to_keep_mails_nobody_and_leads_to_the_booking_form(gold, client, time_machine):
    ask(client)
    path = Booking.objects.get().keep_path
    factories.wait(time_machine, days=4)
    claims.expire_stale()
    before = OutgoingMail.objects.count()
    for forget in (lambda: None, retention.forget_bookings):
        forget()
        page = client.post(path)
        assert page.status_code == 410
        assert 'href="/advertise/book/gold/"' in page.content.decode()
    assert OutgoingMail.objects.count() == before


def test_an_address_that_was_forgotten_keeps_nothing(gold, client):
    ask(client)
    Booking.objects.update(contact_email="")
    page = client.post(Booking.objects.get().keep_path)
    assert (page.status_code, "ask for them again" in page.content.decode()) == (409, True)
    assert not mails("booking_to_decide")


def test_a_new_buyer_holds_three_runs_and_one_who_bought_before_twelve(gold, client):
    factories.open_days(gold.items.get().kind, first=factories.soon(31), days=60)
    sent = {"company": "Northwind Custody", "contact_email": "ads@northwind.example"}
    sent |= {"start": factories.soon(7).isoformat(), "weeks": "0"}
    refused = client.post("/advertise/book/gold/", sent | {"runs": "4"})
    assert (refused.status_code, "ask us for an offer" in refused.content.decode()) == (429, True)
    factories.confirmed(gold, start=factories.soon(4))
    assert client.post("/advertise/book/gold/", sent | {"runs": "9"}).status_code == 302
    client.post(Booking.objects.get(state="held").keep_path)
    more = {"start": factories.soon(40).isoformat()}
    assert client.post("/advertise/book/gold/", sent | more | {"runs": "4"}).status_code == 429
    asked = {"package": gold, "company": "Northwind Custody", "contact_email": "ads@northwind.example"}
    with pytest.raises(TransitionRefused, match="1 booking of yours waits"):  # also when the form saw nothing of it yet
        booking.hold(**asked, start=factories.soon(40), series=Series(4, 0), is_bounded=True)


def test_a_link_to_book_again_is_bounded_as_the_form_is(gold, client):
    before = factories.confirmed(gold, start=factories.soon(4))
    sent = {"start": factories.soon(10).isoformat(), "offer": gold.offer, "runs": "1", "weeks": "0"}
    assert client.post(before.renewal_path, sent | {"runs": "13"}).status_code == 200
    BlockedDomain.objects.create(domain="northwind.example")
    assert b"We take no bookings from this address" in client.post(before.renewal_path, sent).content
    BlockedDomain.objects.all().delete()
    days = [factories.soon(day).isoformat() for day in (7, 9, 11, 13)]
    assert [client.post(before.renewal_path, sent | {"start": day}).status_code for day in days] == [302] * 3 + [429]


def test_confirming_what_ran_out_tells_nobody_that_it_lapsed(gold):
    made = factories.held(gold)
    Booking.objects.update(hold_until=made.requested_at)
    booking.confirm(Booking.objects.get(), by=None)
    assert (mails("booking_lapsed"), mails("booking_confirmed")) == ([], ["ads@northwind.example"])
