"""Proof of work on sign-ups: off, on, or on by itself under attack; a proof counts once, and nobody is shut out without one."""

from datetime import timedelta

import altcha
import pytest
from django.utils import timezone

from newsletter.models import SignUp, SignUpRules
from newsletter.subscribers import sign_ups

pytestmark = pytest.mark.django_db

URLS = pytest.mark.parametrize("url", ["/newsletter/subscribe/", "/newsletter/embed/weekly/", "/api/v1/subscriptions/"])


def want(when, **fields):
    SignUpRules(proof_when=when, **fields).save()


def post(client, url="/newsletter/subscribe/", email="ann@example.com", **data):
    headers = {"Accept": "application/json"}
    if url.startswith("/api/"):
        return client.post(url, {"email": email, **data}, content_type="application/json", headers=headers)
    return client.post(url, {"email": email, **data}, headers=headers)


def solved(answer):
    """The proof that a browser computes of an answer's challenge."""
    challenge = altcha.Challenge.from_dict(answer.json()["challenge"])
    return altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_base64()


@URLS
def test_a_script_is_asked_for_a_proof_and_its_sign_up_then_goes_at_once(client, weekly, url):
    want("always")
    asked = post(client, url, can_prove="on")
    assert (asked.status_code, SignUp.objects.count()) == (428, 0)
    proof = solved(asked)
    assert post(client, url, proof=proof).status_code in (200, 202)
    assert sign_ups.settle_due() == 1
    again = post(client, url, email="bob@example.com", proof=proof, can_prove="on")
    assert again.status_code == 428, "a proof counts once"


@URLS
def test_without_a_proof_the_mail_waits_and_three_an_hour_may_ask(client, weekly, url):
    want("always")
    answers = [post(client, url, email=f"a{number}@example.com") for number in range(4)]
    assert [answer.status_code // 100 for answer in answers] == [2, 2, 2, 4]
    assert answers[0].json()["message"] == sign_ups.THANKS_LATER
    assert sign_ups.settle_due() == 0
    soon = timezone.now() + sign_ups.UNPROVEN_WAIT
    assert sign_ups.settle_due(now=soon + timedelta(seconds=1)) == 1, "one a minute"
    assert sign_ups.settle_due(now=soon + timedelta(seconds=61)) == 1


def test_too_long_a_line_takes_nobody_more(client, weekly):
    want("always")
    post(client)
    SignUp.objects.update(due_at=timezone.now() + sign_ups.LONGEST_LINE)
    assert post(client, email="bob@example.com").status_code == 429
    assert SignUp.objects.count() == 1


def test_it_turns_itself_on_while_too_many_ask_and_off_after(client, weekly):
    want("busy", proof_threshold=2)
    statuses = [post(client, email=f"a{number}@example.com", can_prove="on").status_code for number in range(4)]
    assert statuses == [200, 200, 428, 428]
    SignUpRules.objects.update(proof_until=timezone.now() - timedelta(seconds=1), proof_threshold=100)
    assert post(client, email="b@example.com", can_prove="on").status_code == 200


def test_turned_off_it_asks_nobody(client, weekly):
    want("never", proof_threshold=0)
    assert {post(client, email=f"a{number}@example.com", can_prove="on").status_code for number in range(3)} == {200}


def test_on_a_page_of_ones_own_no_proof_is_wanted(weekly, ann):
    want("always")
    reply = sign_ups.request_subscription(email=ann.email, newsletter=weekly, source="preferences", is_known=True)
    assert reply is sign_ups.Reply.NOW
