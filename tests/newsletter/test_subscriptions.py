"""Signing up: double opt-in, the same answer for everyone, no cookie, and errors in the form's own words."""

import re

import pytest

from core.models import OutgoingMail
from newsletter.models import Subscriber, Subscription
from newsletter.subscribers import sign_ups, subscriptions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client):
    client.handler.enforce_csrf_checks = True
    return client


def sign_up(client, email="ann@example.com", **data):
    headers = data.pop("headers", {})
    answer = client.post("/newsletter/subscribe/", {"email": email, **data}, headers=headers)
    sign_ups.settle_due()
    return answer


def the_mail():
    return OutgoingMail.objects.latest("id")


def body_of(mail):
    import email
    from email import policy

    return email.message_from_bytes(bytes(mail.message), policy=policy.default).get_body(("plain",)).get_content()


def link_in(mail, path):
    return re.search(rf"http\S+({path}\S+)", body_of(mail)).group(1)


def test_it_answers_with_thanks_and_mails_a_link(client, weekly):
    response = sign_up(client)
    assert response.status_code == 200
    assert b"Thanks for signing up" in response.content
    assert b"Check your inbox" in response.content
    assert the_mail().recipient == "ann@example.com"
    assert "/newsletter/confirm/" in body_of(the_mail())
    assert Subscription.objects.get().state == "pending"


def test_it_sets_no_cookie_and_is_not_kept(client, weekly):
    response = sign_up(client)
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"


def test_it_keeps_the_evidence_of_consent(client, weekly):
    sign_up(client, source="article", headers={"User-Agent": "x"})
    row = Subscription.objects.get()
    assert (row.source, row.requested_from, row.consent_text) == ("article", "127.0.0.0/24", subscriptions.CONSENT_TEXT)


def test_a_known_and_an_unknown_address_get_the_same_answer(client, weekly):
    factories.subscription(weekly, "known@example.com")
    known, unknown = sign_up(client, "known@example.com"), sign_up(client, "unknown@example.com")
    assert known.status_code == unknown.status_code
    assert known.content == unknown.content


def test_who_is_subscribed_is_told_so_once_a_day(client, weekly):
    factories.subscription(weekly)
    sign_up(client)
    sign_up(client)
    mail = OutgoingMail.objects.get()
    assert mail.subject == "You are already subscribed to Weekly"
    assert "/newsletter/preferences/" in body_of(mail)


def test_three_links_a_day_for_one_address_and_no_more(client, weekly):
    answers = {sign_up(client).content for _ in range(6)}
    assert OutgoingMail.objects.count() == subscriptions.CONFIRMATIONS_PER_ADDRESS_AND_DAY
    assert len(answers) == 1


def test_the_case_of_an_address_makes_no_second_subscriber(client, weekly):
    sign_up(client, "Ann@Example.com")
    sign_up(client, "ann@EXAMPLE.COM")
    assert Subscriber.objects.count() == 1


def test_too_many_from_one_network_are_told_to_wait(client, weekly):
    allowed = sign_ups.SIGN_UPS_PER_NETWORK_AND_HOUR
    answers = [sign_up(client, f"a{number}@example.com") for number in range(allowed + 1)]
    assert [answer.status_code for answer in answers] == [200] * allowed + [429]
    assert b"too many sign-ups came from your network" in answers[-1].content


@pytest.mark.parametrize("typed", ["ann@", "ann", "a b@example.com", "ann@example", "ann@example.com\r\nBcc: x@y.com"])
def test_a_bad_address_is_refused_in_words_and_kept(client, weekly, typed):
    response = sign_up(client, typed)
    page = response.content.decode()
    assert response.status_code == 400
    assert "Something went wrong" in page
    assert "not an e-mail address we can write to" in page
    assert response.context["form"]["email"].value() == typed.strip() or typed in str(
        response.context["form"]["email"].value()
    )
    assert not Subscriber.objects.exists()


def test_an_empty_address_is_asked_for(client, weekly):
    assert b"Enter your e-mail address." in sign_up(client, "").content


def test_an_unknown_list_is_refused(client, weekly):
    response = sign_up(client, newsletter="nope")
    assert response.status_code == 400
    assert b"There is no such newsletter" in response.content


def test_without_any_list_it_says_so(client):
    response = sign_up(client)
    assert response.status_code == 400
    assert b"is not taking new subscribers" in response.content


def test_a_robot_in_the_trap_gets_thanks_and_nothing_happens(client, weekly):
    response = sign_up(client, website="https://spam.example")
    assert b"Thanks for signing up" in response.content
    assert not Subscriber.objects.exists()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("accept", ["application/json", "application/json, text/plain, */*"])
def test_json_is_answered_to_who_asks_for_it(client, weekly, accept):
    good = sign_up(client, headers={"Accept": accept})
    bad = sign_up(client, "ann@", headers={"Accept": accept})
    assert good.json() == {
        "message": "Thanks for signing up. Check your inbox: we sent a mail with a link to confirm your address."
    }
    assert bad.status_code == 400
    assert bad.json()["message"].startswith("Something went wrong: This is not an e-mail address")


def test_a_browser_on_another_site_is_refused(client, weekly):
    response = sign_up(client, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("reason", ["complaint", "staff"])
def test_who_complained_is_not_written_to(client, weekly, reason):
    factories.suppression(reason, "ann@example.com")
    assert b"Thanks for signing up" in sign_up(client).content
    assert not OutgoingMail.objects.exists()


def test_the_confirmation_mail_is_automatic_and_holds_no_name(client, weekly):
    factories.subscriber(name="Buy pills at http://spam.example")
    sign_up(client)
    raw = bytes(the_mail().message)
    assert b"Auto-Submitted: auto-generated" in raw
    assert b"List-Unsubscribe" not in raw
    assert b"pills" not in raw


def test_the_sign_up_page_can_be_cached_and_has_no_token(client, weekly):
    response = client.get("/newsletter/")
    assert "public" in response["Cache-Control"]
    assert b"csrf" not in response.content
    assert b'name="website"' in response.content
    assert not response.cookies


def test_the_sign_up_page_is_made_anew_when_a_list_changes(weekly):
    from core import generation

    before = generation.current()
    weekly.is_open = False
    weekly.save()
    assert generation.current() > before


def test_the_form_of_a_page_sends_the_visitor_of_its_address_to_the_sign_up_page(client, weekly):
    assert client.get("/newsletter/subscribe/").url == "/newsletter/"


def test_the_api_takes_a_sign_up_under_the_same_rules(client, weekly):
    good = client.post("/api/v1/subscriptions/", {"email": "ann@example.com"}, content_type="application/json")
    bad = client.post("/api/v1/subscriptions/", {"email": "ann@"}, content_type="application/json")
    strange = client.post("/api/v1/subscriptions/", "[1]", content_type="application/json")
    sign_ups.settle_due()
    assert (good.status_code, bad.status_code, strange.status_code) == (202, 400, 400)
    assert "not an e-mail address" in bad.json()["message"]
    assert Subscription.objects.get().source == "API"
