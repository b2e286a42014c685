"""Proof of work on ballots: wanted while too many ask, computed by browsers, and never a wall for those who have none."""

from datetime import timedelta

import altcha
import pytest
from django.utils import timezone

from core.models import OutgoingMail
from surveys import ballot_requests, ballot_turns, quarantine
from surveys.models import BallotRules, PendingBallot, RequestCount, Season
from tests.html import one_line
from tests.surveys.factories import open_season
from tests.surveys.test_ballot_turns import environ, form

pytestmark = pytest.mark.django_db
VOTE = "/awards/moon-2026/vote/"


@pytest.fixture
def season():
    return open_season(categories=("wallet", "report"))


def want(when, **fields):
    BallotRules(proof_when=when, **fields).save()


def asked_of(client):
    """The proof that a browser computes, if it is asked to."""
    challenge = client.get("/awards/ballot/proof/").json()["challenge"]
    if challenge is None:
        return ""
    challenge = altcha.Challenge.from_dict(challenge)
    return altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_base64()


def wait_of(email):
    return OutgoingMail.objects.get(recipient=email).due_at - timezone.now()


def test_a_voter_without_a_proof_votes_all_the_same_and_is_written_to_later(client, season):
    want("always")
    page = one_line(client.post(VOTE, form()).content)
    assert "Thanks for your vote" in page
    assert "may take up to an hour" in page
    assert PendingBallot.objects.count() == 1
    assert timedelta(minutes=9) < wait_of("ann@example.com") <= ballot_requests.UNPROVEN_WAIT
    assert quarantine.integrity(season)["without_proof"] == 1


def test_a_proof_has_the_mail_go_out_at_once_and_counts_once(client, season):
    want("always")
    proof = asked_of(client)
    for email in ("ann@example.com", "bob@example.com"):
        client.post(VOTE, form(email, proof=proof))
    assert wait_of("ann@example.com") <= timedelta(0) < wait_of("bob@example.com")
    assert RequestCount.objects.get(kind="unproven").number == 1


def test_votes_in_turns_are_asked_for_proofs_too(client, season):
    want("always")
    answers = ballot_turns.votes([environ(VOTE, form(proof=asked_of(client))), environ(VOTE, form("bob@example.com"))])
    assert ["may take up to an hour" in one_line(ready.body) for ready in answers] == [False, True]


def test_near_the_close_nobody_waits(client, season):
    want("always")
    Season.objects.update(closes_at=timezone.now() + timedelta(hours=2))
    client.post(VOTE, form())
    assert wait_of("ann@example.com") <= timedelta(0)


def test_it_turns_itself_on_while_too_many_ask(client, season):
    want("busy", proof_threshold=2)
    assert asked_of(client) == ""
    for name in ("a", "b", "c"):
        client.post(VOTE, form(f"{name}@example.com"))
    assert [wait_of(f"{name}@example.com") > timedelta(0) for name in "abc"] == [False, False, True]
    assert asked_of(client)


def test_turned_off_it_asks_nobody(client, season):
    want("never", proof_threshold=0)
    client.post(VOTE, form())
    assert asked_of(client) == ""
    assert wait_of("ann@example.com") <= timedelta(0)
    assert not RequestCount.objects.filter(kind="unproven").exists()


def test_the_api_takes_a_proof(client, season):
    want("always")
    sent = {"email": "ann@example.com", "choices": {"wallet": [["ada"]]}, "proof": asked_of(client)}
    answer = client.post("/api/v1/seasons/moon-2026/ballots/", sent, content_type="application/json")
    assert (answer.status_code, wait_of("ann@example.com") <= timedelta(0)) == (202, True)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_browser_computes_its_proof_when_the_ballot_is_sent(page, live_site, page_errors):
    open_season(categories=("wallet",))
    want("always")
    page.goto(VOTE)
    page.locator("input[name=vote-wallet][value=ada]").check()
    page.fill("input[name=email]", "ann@example.com")
    page.get_by_role("button", name="Send my vote").click()
    page.get_by_text("Thanks for your vote").first.wait_for()
    assert wait_of("ann@example.com") <= timedelta(0)
    assert not RequestCount.objects.filter(kind="unproven").exists()
    assert page_errors == []
