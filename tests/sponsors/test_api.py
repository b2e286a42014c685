"""The API lists the packages on sale."""

import pytest

from core.models import OutgoingMail
from sponsors.models import Booking
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


def test_packages_on_sale_are_listed_with_their_next_starts(client):
    made = factories.package({factories.kind(name="Article place"): 2})
    factories.package({factories.kind("web:home"): 1}, tier="silver", on_sale=False)
    factories.open_days(made.items.get().kind)
    (shown,) = client.get("/api/v1/packages/").json()
    assert (shown["tier"], shown["price"], shown["currency"]) == ("gold", "1500.00", "USD")
    assert shown["items"] == [{"placement": "Article place", "channel": "web:article", "quantity": 2}]
    assert factories.soon(2).isoformat() in shown["next_starts"]
    assert shown["url"].endswith("/advertise/book/gold/")


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({}, 202, "Check your inbox"),
        ({"runs": 2, "weeks": 2}, 202, "3000.00"),
        ({"category": ""}, 400, "category"),
        ({"offer": "1 1.00 USD"}, 400, "The package changed"),
        ({"start": factories.soon(99).isoformat()}, 409, "alternatives"),
    ],
)
def test_days_are_held_by_the_rules_of_the_form(client, typed, status, said):
    made = factories.package({factories.kind("mail:orbit", is_exclusive=True): 1})
    factories.open_days(made.items.get().kind)
    (shown,) = client.get("/api/v1/packages/").json()
    typed = {
        "company": "Northwind", "contact_email": "ads@northwind.example", "start": factories.soon().isoformat(),
        "category": "wallet", "offer": shown["offer"],
    } | typed  # fmt: skip
    answer = client.post("/api/v1/packages/gold/bookings/", typed, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert said in answer.content.decode()
    assert list(Booking.objects.values_list("category", flat=True)) == ["wallet"] * (status == 202)


def test_packages_are_read_only(client):
    assert client.post("/api/v1/packages/", {}).status_code in (401, 403, 405)


def test_a_booking_that_is_sent_again_holds_the_days_once(client):
    made = factories.package({factories.kind("mail:orbit", is_exclusive=True): 1})
    factories.open_days(made.items.get().kind)
    sent = {
        "company": "Northwind", "contact_email": "ads@northwind.example", "start": factories.soon().isoformat(),
        "category": "wallet",
    }  # fmt: skip

    def book(typed, key):
        path = "/api/v1/packages/gold/bookings/"
        return client.post(path, typed, content_type="application/json", headers={"Idempotency-Key": key})

    first, again = book(sent, "one"), book(sent, "one")
    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert Booking.objects.count() == OutgoingMail.objects.filter(recipient="ads@northwind.example").count() == 1
    assert book({**sent, "company": "Eastwind"}, "one").status_code == 422
    other = {**sent, "company": "Eastwind", "contact_email": "ads@eastwind.example"}
    assert book(other, "two").status_code == 409, "by a new key it is asked anew, and the days are taken"
    wrong = book({**sent, "contact_email": "nobody"}, "three")
    assert (wrong.status_code, wrong["Content-Type"]) == (400, "application/problem+json")
    assert "contact_email" in wrong.json()["errors"]
    assert Booking.objects.count() == 1
