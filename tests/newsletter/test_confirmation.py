"""Confirming and leaving: by POST, idempotent, with links that say what is wrong with them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.models import Subscription, Suppression
from newsletter.subscribers import subscriptions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending():
    return factories.subscription(factories.newsletter(), state="pending")


@pytest.fixture
def client(client):
    client.handler.enforce_csrf_checks = True
    return client


def address(row):
    return f"/newsletter/confirm/{subscriptions.confirm_token(row)}/"


def state(row):
    return Subscription.objects.get(pk=row.pk).state


def leave(row):
    subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=row.newsletter_id, by="test")


def test_opening_the_link_shows_a_button_and_confirms_nothing(client, pending):
    for method in (client.get, client.head):
        assert method(address(pending)).status_code == 200
    assert state(pending) == "pending"
    assert b"Yes, subscribe me" in client.get(address(pending)).content


def test_pressing_the_button_confirms_once_and_for_all(client, pending):
    url = address(pending)
    pages = [client.post(url) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    row = Subscription.objects.get()
    assert (row.state, row.confirmed_from) == ("confirmed", "127.0.0.0/24")
    assert not pages[0].cookies


@pytest.mark.parametrize("token", ["x", "AAAA", "%00", "é", "a" * 300])
def test_a_malformed_link_is_not_found(client, db, token):
    for path in ("confirm", "unsubscribe", "preferences"):
        assert client.get(f"/newsletter/{path}/{token}/").status_code == 404
        assert client.post(f"/newsletter/{path}/{token}/").status_code == 404


def test_a_link_for_one_thing_does_not_do_another(client, pending):
    token = subscriptions.preferences_token(pending.subscriber_id)
    assert client.post(f"/newsletter/confirm/{token}/").status_code == 404


def test_an_expired_link_says_so_and_offers_a_new_mail(client, pending):
    url = address(pending)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        page = client.post(url)
        assert page.status_code == 410
        assert b"This link has expired" in page.content
        assert client.post(f"{url}again/").status_code == 200
    assert state(pending) == "pending"
    assert OutgoingMail.objects.get().recipient == "ann@example.com"


def test_a_new_mail_is_not_sent_by_opening_a_page(client, pending):
    assert client.get(f"{address(pending)}again/").status_code == 405


def test_an_old_link_does_not_bring_back_who_left(client, pending):
    url = address(pending)
    client.post(url)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        leave(pending)
        page = client.post(url)
        assert page.status_code == 409
        assert b"since unsubscribed" in page.content
        assert state(pending) == "unsubscribed"


def test_who_left_can_come_back_by_a_new_link(client, pending):
    client.post(address(pending))
    leave(pending)
    factories.sign_up(email="ann@example.com", source="test")
    assert state(pending) == "unsubscribed", "a request alone, which anybody can send, changes nothing"
    client.post(address(pending))
    assert state(pending) == "confirmed"


@pytest.mark.parametrize(("reason", "left"), [("bounce", 0), ("erased", 0), ("complaint", 1), ("staff", 1)])
def test_confirming_lifts_a_bounce_but_not_a_complaint(pending, reason, left):
    factories.suppression(reason, "ann@example.com")
    subscriptions.confirm(pending, issued_at=timezone.now())
    assert Suppression.objects.count() == left


def unsubscribe_address(row, short=False):
    token = subscriptions.unsubscribe_token(row.subscriber_id, row.newsletter_id)
    return f"/u/{token}" if short else f"/newsletter/unsubscribe/{token}/"


@pytest.fixture
def confirmed():
    return factories.subscription(factories.newsletter())


@pytest.mark.parametrize("short", [True, False])
def test_opening_the_unsubscribe_link_changes_nothing(client, confirmed, short):
    for method in (client.get, client.head):
        assert method(unsubscribe_address(confirmed, short)).status_code == 200
    assert state(confirmed) == "confirmed"


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize(
    ("data", "content_type", "by"),
    [
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded", "one-click"),
        (
            '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            "one-click",
        ),
        ("", "application/x-www-form-urlencoded", "page"),
    ],
)
def test_a_post_unsubscribes_at_once(client, confirmed, short, data, content_type, by):
    for _ in range(2):
        response = client.post(unsubscribe_address(confirmed, short), data, content_type=content_type)
        assert response.status_code == 200
        assert not response.cookies
    row = Subscription.objects.get()
    assert (row.state, row.unsubscribed_by) == ("unsubscribed", by)


def test_a_mail_program_may_come_from_anywhere(client, confirmed):
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    response = client.post(unsubscribe_address(confirmed), {"List-Unsubscribe": "One-Click"}, headers=headers)
    assert response.status_code == 200
    assert state(confirmed) == "unsubscribed"


def test_unsubscribing_who_was_erased_still_works(client, confirmed):
    url = unsubscribe_address(confirmed)
    subscriptions.erase(confirmed.subscriber)
    assert client.post(url).status_code == 200
