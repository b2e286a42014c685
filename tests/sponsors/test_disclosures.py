"""The log holds every booking in order, each entry sealing the one before."""

import pytest

from sponsors import booking, disclosures
from sponsors.models import DisclosureEntry
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def log():
    first = factories.running()
    factories.running("web:home", company="Second Ltd")
    booking.cancel(first, by=None)
    return list(DisclosureEntry.objects.order_by("number"))


def test_every_booking_and_cancellation_is_entered(log):
    assert [(entry.number, entry.kind, entry.sponsor_name) for entry in log] == [
        (1, "booked", "Northwind Custody"),
        (2, "booked", "Second Ltd"),
        (3, "cancelled", "Northwind Custody"),
    ]


def test_a_mere_hold_is_not_entered():
    factories.held()
    assert not DisclosureEntry.objects.exists()


def first_broken(entries):
    """The number of the first entry that does not seal the one before; None if all do."""
    previous, expected = "", 1
    for entry in entries:
        if entry.number != expected or entry.sha256 != disclosures.seal(entry, previous):
            return entry.number
        previous, expected = entry.sha256, expected + 1
    return None


def test_the_chain_holds(log):
    assert first_broken(log) is None


def test_a_changed_entry_breaks_the_chain(log):
    log[1].sponsor_name = "Somebody else"
    assert first_broken(log) == 2


def test_a_missing_entry_breaks_the_chain(log):
    assert first_broken([log[0], log[2]]) == 3


def test_anyone_can_check_the_seals_from_the_json(log, client):
    import hashlib
    import json

    previous = ""
    for entry in client.get("/sponsored-is-not-rated/log.json").json()["entries"]:
        values = [previous, *(value for name, value in entry.items() if name != "sha256")]
        compact = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(compact.encode()).hexdigest() == entry["sha256"]
        previous = entry["sha256"]
    assert previous == log[-1].sha256


def test_the_page_shows_the_log_without_a_cookie(log, client):
    response = client.get("/sponsored-is-not-rated/")
    assert b"Second Ltd" in response.content
    assert b"Cancelled" in response.content
    assert "public" in response["Cache-Control"]
    assert not response.cookies


def test_an_empty_log_says_so(client):
    assert b"No ad booked yet" in client.get("/sponsored-is-not-rated/").content
