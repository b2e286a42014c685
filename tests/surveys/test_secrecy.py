"""Whoever steals the database, a backup or the peppers tries to join a person to a ballot; docs/counting.md says what works."""

import hmac
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from core import outbox, retention
from core.lib.signing import read_token
from core.models import OutgoingMail
from surveys import ballot_requests, ballots, keys
from surveys.models import Ballot, PendingBallot, Season
from tests.surveys.factories import body_of, last_mail, link_in, open_season

pytestmark = pytest.mark.django_db
TABLES = ("pendingballot", "ballot", "unsealedballot", "ledgerentry", "requestcount", "mailboxname")


@pytest.fixture
def season():
    return open_season(nominees=("zebra-one", "zebra-two"))


def request(season, email="ann@example.com", choice="zebra-one"):
    """Ask for a ballot; the link in the mail."""
    ballot_requests.request_ballot(season=season, choices={"wallet": [[choice]]}, email=email, ip="8.8.8.8")
    return link_in(body_of(last_mail()))


def everything():
    """All that the database holds of votes and mail, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in [f"surveys_{name}" for name in TABLES] + [
            "core_outgoingmail",
            "core_ratecount",
            "core_auditentry",
        ]:
            cursor.execute(f"SELECT row::text FROM {table} AS row")
            found += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return found


def ids_in(link):
    return read_token(ballot_requests.PURPOSE, link.rstrip("/").rpartition("/")[2])


def test_the_database_has_the_choice_of_nobody_who_has_not_confirmed(season):
    request(season)
    rows = everything()
    assert any("ann@example.com" in row for row in rows)  # with the key of her ballot, in the mail that waits
    assert [row for row in rows if "zebra" in row and "paper" not in row] == []
    keys.destroy_pepper(season)
    with pytest.raises(keys.PepperMissing):
        keys.open_choices(PendingBallot.objects.get())


def test_a_mail_that_waits_holds_no_link(season):
    link = request(season)
    token = link.rstrip("/").rpartition("/")[2]
    assert [row for row in everything() if token in row or token.encode().hex() in row] == []


def test_a_mail_whose_ballot_is_gone_is_not_sent(season, smtp_server):
    request(season)
    PendingBallot.objects.all().delete()
    outbox.send_due()
    assert (smtp_server.messages, OutgoingMail.objects.count()) == ([], 0)


def test_once_a_mail_is_out_the_database_has_neither_address_nor_link(season, smtp_server):
    link = request(season)
    outbox.send_due()
    token = link.rstrip("/").rpartition("/")[2]
    assert [row for row in everything() if "ann" in row or token in row] == []


def test_a_mail_that_nobody_took_keeps_its_address_for_a_week_and_no_link(season):
    request(season)
    mail = OutgoingMail.objects.claim(limit=1)[0]
    mail.fail("550 no such mailbox", for_good=True)
    stored = OutgoingMail.objects.get()
    assert (stored.recipient, bytes(stored.message)) == ("ann@example.com", b"")
    OutgoingMail.objects.update(settled_at=timezone.now() - timedelta(days=8))
    assert retention.purge_expired()["outgoing mail"] == 1


def test_a_link_and_the_database_lead_to_no_ballot_that_was_cast(client, season, smtp_server):
    link = request(season)
    outbox.send_due()
    client.post(link)
    pending_id, ballot = ids_in(link)[1], Ballot.objects.get()
    assert [row for row in everything() if str(pending_id) in row.replace(str(ballot.pk), "")] == []
    names = (f"nonce\0{pending_id}\0{ballot.category_id}", str(pending_id), link, f"{season.pk}{pending_id}")
    guesses = [sha256(name.encode()).digest() for name in names]
    guesses += [hmac.digest(settings.SECRET_KEY.encode(), name.encode(), "sha256") for name in names]
    known = {bytes(value) for value in (ballot.nonce, ballot.leaf_hash, ballot.voter_key)}
    assert not {guess[:size] for guess in guesses for size in (16, 32)} & known


def test_whoever_has_the_mail_is_shown_the_receipt_by_us(client, season):
    link = request(season)
    client.post(link)
    assert Ballot.objects.get().receipt in client.get(link).content.decode()


def test_the_pepper_alone_leads_through_no_links(client, season):
    """Nonces are published, and come from keys of pending ballots: those must not be numbers that can be gone through."""
    links = [request(season, f"voter{number}@example.com") for number in range(4)]
    for link in links:
        client.post(link)
    assert min(ids_in(link)[1] for link in links) > 2**40
    nonces = {bytes(nonce) for nonce in Ballot.objects.values_list("nonce", flat=True)}
    category = season.categories.get()
    assert not nonces & {keys.pepper(season).ballot_nonce(number, category.pk) for number in range(2000)}
    assert nonces == {keys.pepper(season).ballot_nonce(ids_in(link)[1], category.pk) for link in links}


def test_no_time_and_no_key_of_a_row_tells_the_order_of_casting(client, season):
    cast = []
    for number in range(12):
        client.post(request(season, f"voter{number}@example.com"))
        cast.append(Ballot.objects.exclude(pk__in=cast).get().pk)
    assert sorted(cast) != cast
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE data_type LIKE 'timestamp%'"
            " AND table_name IN ('surveys_ballot', 'surveys_unsealedballot', 'surveys_ledgerentry')"
        )
        assert cursor.fetchall() == []


def test_with_the_database_and_the_pepper_an_address_that_is_known_can_be_tried_until_the_appeal_window_ends(
    client, season
):
    client.post(request(season))
    tried = keys.voter_key(season, "ann@example.com")
    assert Ballot.objects.filter(voter_key=tried).exists()
    assert not Ballot.objects.filter(voter_key=keys.voter_key(season, "bob@example.com")).exists()
    Season.objects.update(released_at=timezone.now() - ballots.APPEAL_WINDOW - timedelta(days=1))
    retention.purge_expired()
    assert not Ballot.objects.filter(voter_key=tried).exists()
    assert not keys.has_pepper(season)


def test_counts_of_requests_say_nothing_of_a_person_or_a_choice(season):
    request(season, "ann@example.com", "zebra-two")
    counts = [row for row in everything() if row.startswith("surveys_requestcount")]
    assert len(counts) == 3
    assert [row for row in counts if "ann" in row or "8.8.8" in row or "zebra" in row] == []


def test_what_is_sealed_cannot_be_changed_for_another_choice(season):
    request(season)
    pending = PendingBallot.objects.get()
    sealed = bytearray(bytes(pending.sealed_choices))
    assert json.dumps(keys.open_choices(pending)) == '{"wallet": [["zebra-one"]]}'
    sealed[-1] ^= 1
    pending.sealed_choices = bytes(sealed)
    with pytest.raises(keys.PepperMissing):
        keys.open_choices(pending)
