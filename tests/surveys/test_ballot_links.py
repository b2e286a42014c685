"""Links of ballots: whom they are mailed to and when, what limits do, and what is kept of it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from core import retention
from core.models import OutgoingMail, RateCount
from newsletter.models import Newsletter, Subscription
from newsletter.subscribers import sign_ups
from surveys import ballot_requests, keys
from surveys.models import Ballot, BallotRules, PendingBallot, Season
from tests.html import one_line
from tests.surveys.factories import body_of, last_mail, link_in, open_season
from tests.surveys.test_ballots import confirm, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def season():
    return open_season(categories=("wallet", "report"))


def test_an_expired_link_says_so_and_offers_a_new_mail(client, season, time_machine):
    vote(client, "ann@example.com")
    old = link_in(body_of(last_mail()))
    time_machine.move_to(timezone.now() + timedelta(days=3))
    page = client.get(old)
    assert page.status_code == 410
    assert "This link has expired" in page.content.decode()
    assert client.post(old).status_code == 410
    page = client.post(old, {"email": "ann@"})
    assert page.status_code == 400
    assert 'value="ann@"' in page.content.decode()
    assert client.post(old, {"email": "ANN@example.com"}).status_code == 200
    assert OutgoingMail.objects.count() == 2
    confirm(client)
    assert Ballot.objects.count() == 1


def test_a_new_mail_goes_only_to_the_voter(client, season, time_machine):
    vote(client, "ann@example.com")
    old = link_in(body_of(last_mail()))
    time_machine.move_to(timezone.now() + timedelta(days=3))
    page = client.post(old, {"email": "eve@example.com"})
    assert "Check your inbox" in page.content.decode()
    assert OutgoingMail.objects.count() == 1


def test_a_robot_in_the_trap_gets_thanks_and_nothing_else(client, season):
    assert vote(client, website="https://spam.example").status_code == 200
    assert not OutgoingMail.objects.exists()


def test_whoever_types_a_voters_address_again_and_again_takes_no_vote_away(client, season):
    answers = [vote(client, f"ann+{number}@example.com", wallet="bit") for number in range(7)]
    assert {answer.status_code for answer in answers} == {200}
    waits = [mail.due_at - mail.created_at > timedelta(minutes=59) for mail in OutgoingMail.objects.order_by("id")]
    assert waits == [False] * 5 + [True]
    assert "open the link in any of them" in one_line(vote(client, "ann@example.com").content)
    link = link_in(body_of(last_mail()))
    client.post(link, {"changed": "1", "vote-wallet": "ada", "vote-report": "coin"})
    assert sorted(ballot.choice for ballot in Ballot.objects.all()) == [[["ada"]], [["coin"]]]


def test_a_crowded_network_waits_for_its_mail_and_a_proxy_is_no_network(client, season):
    def wait(address):
        form = {"email": f"voter-at-{address}@example.com", "vote-wallet": "ada"}
        assert client.post("/awards/moon-2026/vote/", form, REMOTE_ADDR=address).status_code == 200
        return round((last_mail().due_at - last_mail().created_at) / timedelta(minutes=1))

    assert [wait("8.8.8.8"), wait("8.8.8.9")] == [0, 0]
    BallotRules(proof_when="never").save()  # else its count would be one of those below
    RateCount.objects.filter(count=2).update(count=2 * ballot_requests.REQUESTS_PER_NETWORK)
    assert [wait(address) for address in ("8.8.8.10", "10.0.0.1", "127.0.0.1", "8.8.4.4")] == [20, 0, 0, 0]


def test_near_the_close_no_mail_is_delayed(client, season):
    Season.objects.update(closes_at=timezone.now() + timedelta(hours=2))
    for _ in range(6):
        vote(client)
    assert last_mail().due_at - last_mail().created_at < timedelta(minutes=1)


def test_receipts_are_mailed_on_request_and_to_the_voter_alone(client, season):
    vote(client, **{"vote-report": "coin"})
    link = link_in(body_of(last_mail()))
    assert "Mail the receipts" in client.post(link).content.decode()
    answers = [client.post(link, {"email": address}) for address in ("eve@example.com", "ANN@example.com")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert OutgoingMail.objects.count() == 2
    text = body_of(last_mail())
    assert all(ballot.receipt in text for ballot in Ballot.objects.all())
    assert keys.public_key() in text
    assert "coin" not in text.lower()
    refused = client.post(link, {"email": "ann@"})
    assert refused.status_code == 400
    assert 'value="ann@"' in refused.content.decode()


def test_receipts_are_mailed_a_few_times_an_hour(client, season):
    vote(client)
    link = link_in(body_of(last_mail()))
    client.post(link)
    for _ in range(9):
        client.post(link, {"email": "ann@example.com"})
    assert OutgoingMail.objects.filter(kind="surveys.receipt").count() == 5


def test_a_form_on_another_site_is_refused(client, season):
    page = client.post("/awards/moon-2026/vote/", {}, headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 403


def test_no_table_of_surveys_holds_an_address_or_where_it_came_from(client, season):
    vote(client, "very.private@example.com")
    tables = [table for table in connection.introspection.table_names() if table.startswith("surveys_")]
    assert len(tables) >= 10
    for when in ("pending", "cast"):
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"SELECT count(*) FROM {table} AS row WHERE row::text ILIKE '%%private%%'")
                assert cursor.fetchone()[0] == 0, f"{table} while {when}"
                cursor.execute(f"SELECT count(*) FROM {table} AS row WHERE row::text LIKE '%%127.0.0.1%%'")
                assert cursor.fetchone()[0] == 0, f"{table} while {when}"
        confirm(client)


def test_nothing_leads_from_the_mail_to_the_ballot_once_it_is_cast(client, season):
    vote(client)
    confirm(client)
    assert not PendingBallot.objects.exists()
    assert {field.name for field in Ballot._meta.get_fields()} == {
        "id", "category", "voter_key", "choice", "nonce", "leaf_hash", "weight", "is_jury", "state", "reason", "unsealed",
        "origins",
    }  # fmt: skip


def test_the_newsletter_is_asked_for_apart_from_the_vote(client, season):
    Newsletter.objects.create(name="Briefing", slug="briefing", is_default=True)
    vote(client, "ann@example.com", subscribe="on")
    sign_ups.settle_due()
    assert Subscription.objects.get().state == "pending"
    assert {mail.kind for mail in OutgoingMail.objects.all()} == {"surveys.ballot", "newsletter.confirm"}
    vote(client, "bob@example.com")
    assert sign_ups.settle_due() == 0


def test_what_is_never_confirmed_is_forgotten(client, season, time_machine):
    vote(client)
    time_machine.move_to(timezone.now() + timedelta(days=8))
    call_command("purge_expired")
    assert PendingBallot.objects.exists()
    time_machine.move_to(timezone.now() + timedelta(days=2))
    assert retention.purge_expired()["unconfirmed ballots"] == 1


def test_the_whole_way_over_real_mail(client, season, smtp_server):
    from core import outbox

    vote(client, "Ann+moon@example.com")
    outbox.send_due()
    (received,) = smtp_server.messages
    assert received.recipient == "Ann+moon@example.com"
    import email
    from email.policy import default

    message = email.message_from_bytes(received.message, policy=default)
    text = message.get_body(("plain",)).get_content()
    assert link_in(text) in message.get_body(("html",)).get_content()
    client.post(link_in(text))
    assert Ballot.objects.get().choice == [["ada"]]
