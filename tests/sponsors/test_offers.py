"""Offers made to measure, series of runs, and discounts: each with its reason, all or nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.models import OutgoingMail
from core.transitions import TransitionRefused
from sponsors import booking, offers
from sponsors.availability import Series
from sponsors.models import Booking, Inquiry, Offer, Package
from tests.html import one_line
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold():
    article, mail = factories.kind(), factories.kind("mail:orbit")
    made = factories.package({article: 2, mail: 1})
    factories.open_days(article, mail, days=60)
    return made


@pytest.fixture
def manager():
    someone = factories.user("manager@example.com")
    someone.groups.add(Group.objects.get(name="sponsorship manager"))
    return someone


def asked(client, **fields):
    sent = {
        "company": "Northwind",
        "contact_email": "ads@northwind.example",
        "category": "wallet",
        "message": "Ten weeks?",
    }
    return client.post("/advertise/ask/", sent | fields)


def made(package, manager, **fields):
    terms = {"company": "Northwind", "contact_email": "ads@northwind.example", "price": Decimal("900.00")}
    terms |= {"reason": "A long time with us", "expires_at": timezone.now() + timedelta(days=7)} | fields
    return offers.make(inquiry=None, package=package, by=manager, **terms)


def accept(client, offer, day=7):
    return client.post(offer.path, {"start": factories.soon(day).isoformat()})


def test_an_inquiry_becomes_an_offer_made_to_measure_and_a_booking_by_its_link(gold, manager, client):
    assert "Something else in mind?" in client.get("/advertise/").content.decode()
    assert asked(client).status_code == 200
    inquiry, article = Inquiry.objects.get(), gold.items.get(kind__channel="web:article").kind
    client.force_login(manager)
    page = f"/admin/sponsors/inquiry/{inquiry.pk}/"
    assert "Answer with an offer" in client.get(f"{page}change/").content.decode()
    until = f"{timezone.now() + timedelta(days=7):%Y-%m-%d}"
    typed = {
        "company": "Northwind", "contact_email": "ads@northwind.example", "category": "wallet", "title": "Ten days",
        f"kind{article.pk}": "10", "runs": "2", "weeks": "2", "price": "3000", "currency": "USD", "reason": "Launch",
        "words": "As agreed.", "expires_at": f"{until}T12:00",
    }  # fmt: skip
    sent = client.post(f"{page}offer/", typed)
    assert sent.status_code == 302, sent.context["form"].errors
    client.logout()
    offer = Offer.objects.get()
    inquiry.refresh_from_db()
    assert (inquiry.state, offer.package.name, offer.package.on_sale) == ("offered", "Ten days", False)
    assert "Ten days for USD 3,000" in client.get(offer.path).content.decode()
    assert accept(client, offer)["Location"].startswith("/advertise/portal/")
    sold = Booking.objects.get()
    assert (sold.state, sold.price, sold.runs, sold.category) == ("confirmed", 3000, 2, "wallet")
    assert sold.claims.count() == 20
    kinds = set(OutgoingMail.objects.values_list("kind", flat=True))
    assert {
        "sponsors.inquiry_to_us",
        "sponsors.offer_made",
        "sponsors.booking_confirmed",
        "sponsors.offer_accepted_to_us",
    } <= kinds
    assert "accepted this offer" in client.get(offer.path).content.decode()
    assert accept(client, offer).status_code == 409


def test_an_offer_that_could_start_on_no_day_is_not_made_and_one_that_can_no_longer_says_so(gold, manager, client):
    offer = made(gold, manager)
    before = Package.objects.count()
    client.force_login(manager)
    article = gold.items.first().kind
    typed = {
        "company": "Northwind", "contact_email": "ads@northwind.example", "category": "wallet", "title": "Too many",
        f"kind{article.pk}": "60", "runs": "2", "weeks": "1", "price": "3000", "currency": "USD", "reason": "Launch",
        "expires_at": f"{timezone.now() + timedelta(days=7):%Y-%m-%dT12:00}",
    }  # fmt: skip
    assert "nobody could accept this" in client.post("/admin/sponsors/offer/make/", typed).content.decode()
    assert (Offer.objects.count(), Package.objects.count()) == (1, before)
    client.logout()
    assert "Accept and book these days" in client.get(offer.path).content.decode()
    article.units.update(off_sale="Holidays")
    page = client.get(offer.path).content.decode()
    assert "No day is free at the moment" in page
    assert "Accept and book these days" not in page


def test_the_price_below_the_list_is_kept_with_its_reason(gold, manager):
    offer = made(gold, manager)
    sold = offers.accept(offer, start=factories.soon(), seen=offer.terms)
    assert (sold.price_text, sold.discount, sold.discount_reason) == ("USD 900", 600, "A long time with us")


@pytest.mark.parametrize("spoil", ["withdrawn", "run out", "another price", "taken"])
def test_an_offer_that_no_longer_holds_books_nothing_and_says_why(gold, manager, client, spoil, time_machine):
    offer = made(gold, manager)
    path, start = offer.path, {"start": factories.soon().isoformat()}
    if spoil == "withdrawn":
        offers.withdraw(offer, by=manager)
    elif spoil == "run out":
        factories.wait(time_machine, days=8)
    elif spoil == "another price":
        offer.price = Decimal(2)  # as if the link were of an earlier one
        path = offer.path
    else:
        factories.held(gold, company="Second Ltd")
    answer = client.post(path, start)
    assert answer.status_code == 409
    assert not Booking.objects.filter(company="Northwind").exists()


def test_an_offer_stays_as_it_was_sent(gold, manager):
    with pytest.raises(IntegrityError, match="stays as it was sent"), transaction.atomic():
        Offer.objects.filter(pk=made(gold, manager).pk).update(price=1)


def test_what_is_made_to_measure_is_never_on_sale(gold):
    with pytest.raises(IntegrityError, match="made_to_measure"), transaction.atomic():
        Package.objects.filter(pk=gold.pk).update(tier="custom")


def test_inquiries_are_bounded_and_refuse_machines(client, gold):
    cache.clear()
    assert asked(client, website="x").context["form"].errors
    assert [asked(client).status_code for _ in range(6)] == [200] * 5 + [429]
    assert Inquiry.objects.count() == 5


@pytest.mark.parametrize(("series", "days"), [(Series(2, 0), [7, 8, 9, 10]), (Series(2, 4), [7, 8, 35, 36])])
def test_a_series_is_held_as_one(gold, series, days):
    row = factories.held(gold, series=series)
    taken = {(claim.unit.date - factories.today()).days for claim in row.claims.filter(unit__channel="web:article")}
    assert sorted(taken) == days
    assert (row.price, row.runs, row.snapshot["name"]) == (3000, 2, "Gold, 2 runs")


def test_where_one_run_of_a_series_has_no_room_none_is_held(gold):
    factories.held(gold, start=factories.soon(35), company="Second Ltd")
    with pytest.raises(booking.Unavailable) as refused:
        factories.held(gold, series=Series(2, 4))
    assert Booking.objects.count() == 1
    assert refused.value.alternatives[0] == factories.soon(9)


def test_a_series_is_asked_for_in_the_public_form(gold, client):
    sent = {"company": "Northwind", "contact_email": "ads@northwind.example", "start": factories.soon().isoformat()}
    client.post("/advertise/book/gold/", sent | {"runs": "3", "weeks": "2"})
    assert Booking.objects.get().claims.count() == 9


def test_a_discount_has_a_reason_and_is_settled_with_the_sale(gold, manager, client):
    client.force_login(manager)
    row = factories.held(gold)
    page = f"/admin/sponsors/booking/{row.pk}/discount/"
    assert client.post(page, {"amount": "200", "reason": ""}).status_code == 200
    assert client.post(page, {"amount": "9999", "reason": "Much"}).status_code == 200
    client.post(page, {"amount": "200", "reason": "First booking"})
    row.refresh_from_db()
    assert (row.price, row.discount_reason) == (1300, "First booking")
    assert "First booking" in one_line(client.get(f"/admin/sponsors/booking/{row.pk}/overview/").content)
    booking.confirm(row, by=manager)
    with pytest.raises(TransitionRefused, match="settled"):
        booking.discount(row, amount=Decimal(0), reason="Back", by=manager)


def test_the_link_of_an_accepted_offer_opens_no_page_of_the_booking_but_mails_one(gold, manager, client, time_machine):
    offer = made(gold, manager)
    accept(client, offer)
    for days in (0, 400):
        factories.wait(time_machine, days=days)
        assert "/advertise/portal/" not in client.get(offer.path).content.decode()
        page = client.post(offer.path, {"link": "1"})
        assert "We have mailed a link" in page.content.decode()
    mails = OutgoingMail.objects.filter(kind="sponsors.portal_link")
    assert set(mails.values_list("recipient", flat=True)) == {offer.contact_email}
