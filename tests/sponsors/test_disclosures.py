"""The log holds every booking in order, each entry sealing the one before."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import pagecache
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


def test_the_page_and_the_command_compute_every_seal_anew(log, client, capsys):
    assert log[-1].sha256 in client.get("/sponsored-is-not-rated/verify/").content.decode()
    call_command("verify_disclosures")
    assert f"3 entries, the last seal is {log[-1].sha256}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "deed", ["UPDATE sponsors_disclosureentry SET sponsor_name = 'Nobody'", "DELETE FROM sponsors_disclosureentry"]
)
def test_an_entry_that_was_changed_or_taken_out_is_named(log, client, deed):
    with connection.cursor() as cursor:  # as somebody could who owns the database
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"{deed} WHERE number = 2")
    pagecache.bump()
    assert b"Entry 2 is missing or was changed" in client.get("/sponsored-is-not-rated/verify/").content
    with pytest.raises(CommandError, match="entry 2"):
        call_command("verify_disclosures")


def test_the_log_is_a_feed(log, client):
    assert b"3. Northwind Custody: cancelled" in client.get("/sponsored-is-not-rated/feed.atom").content


def test_an_entry_is_corrected_by_another(log, client):
    client.get("/sponsored-is-not-rated/")
    made = disclosures.correct(log[0], "It was the silver package.", by=factories.user())
    assert (made.number, made.kind, made.placements) == (4, "correction", ["About entry 1: It was the silver package."])
    assert disclosures.verify().broken is None
    assert b"It was the silver package." in client.get("/sponsored-is-not-rated/").content


def test_the_page_shows_the_log_without_a_cookie(log, client):
    response = client.get("/sponsored-is-not-rated/")
    assert b"Second Ltd" in response.content
    assert b"Cancelled" in response.content
    assert "public" in response["Cache-Control"]
    assert not response.cookies


def test_an_empty_log_says_so(client):
    assert b"No ad booked yet" in client.get("/sponsored-is-not-rated/").content
