"""The preferences page: lists, the person's data, erasure."""

import re
from datetime import timedelta

import pytest

from core.lib.signing import make_token
from core.models import OutgoingMail
from core.ratelimit import allow
from newsletter.models import Delivery, Subscriber, Subscription, Suppression
from newsletter.sending import deliveries
from newsletter.subscribers import sign_ups, subscriptions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(ann):
    return f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/"


@pytest.fixture
def data_url(ann):
    return f"/newsletter/data/{subscriptions.data_token(ann.pk)}/"


def states():
    return {row.newsletter.slug: row.state for row in Subscription.objects.select_related("newsletter")}


def test_it_shows_the_lists_and_is_kept_by_nobody(client, url):
    page = client.get(url)
    assert b"ann@example.com" in page.content
    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex"


def test_lists_are_joined_and_left_as_ticked(client, url):
    notes = factories.newsletter(name="Notes", slug="notes", is_default=False)
    assert b"Saved." in client.post(url, {"newsletters": [notes.pk]}).content
    assert states() == {"weekly": "unsubscribed", "notes": "confirmed"}
    joined = Subscription.objects.get(newsletter=notes)
    assert (joined.source, joined.confirmed_from) == ("preferences", "127.0.0.0/24")


def test_an_address_whose_mail_came_back_is_told_so_and_mailed_a_link(client, url, weekly):
    factories.suppression("bounce")
    page = client.post(url, {"newsletters": [weekly.pk]}).content.decode()
    sign_ups.settle_due()
    assert "Nothing you ticked is sent yet" in page
    assert "mail to it came back" in page
    assert OutgoingMail.objects.get().kind == "newsletter.confirm"


def test_what_was_left_is_saved_even_where_too_many_ask_from_one_network(client, ann, url, weekly):
    factories.suppression("bounce")
    daily = factories.newsletter(name="Daily", slug="daily", is_default=False)
    for _ in range(sign_ups.SIGN_UPS_PER_NETWORK_AND_HOUR):
        allow("subscribe:network:127.0.0.0/24", limit=sign_ups.SIGN_UPS_PER_NETWORK_AND_HOUR, seconds=3600)
    answer = client.post(url, {"newsletters": [daily.pk]})
    assert (answer.status_code, states()) == (200, {"weekly": "unsubscribed"})
    assert "What you left is saved." in answer.content.decode()


def test_an_address_that_complained_is_told_to_write_and_gets_no_mail(client, url, weekly):
    factories.suppression("complaint")
    assert b"write to us" in client.post(url, {"newsletters": [weekly.pk]}).content
    sign_ups.settle_due()
    assert not OutgoingMail.objects.exists()


def test_a_closed_list_cannot_be_joined_but_may_be_kept(client, url, weekly):
    closed = factories.newsletter(name="Closed", slug="closed", is_default=False, is_open=False)
    weekly.is_open = False
    weekly.save()
    refused = client.post(url, {"newsletters": [weekly.pk, closed.pk]})
    assert (refused.status_code, "not offered any more" in refused.content.decode()) == (400, True)
    assert states() == {"weekly": "confirmed"}


def test_the_link_in_a_letter_opens_neither_export_nor_erasure(client, url, ann):
    letter = url.split("/")[-2]
    for action in ("", "export.json", "erase/"):
        assert client.get(f"/newsletter/data/{letter}/{action}").status_code in (404, 405)
        assert client.post(f"/newsletter/data/{letter}/{action}").status_code in (404, 405)
    assert Subscriber.objects.exists()


def test_a_fresh_link_is_mailed_to_the_address_alone(client, url, ann):
    shown = client.post(f"{url}data/")
    letter = OutgoingMail.objects.get(kind="newsletter.personal-data")
    assert letter.recipient == "ann@example.com"
    (link,) = set(re.findall(r"/newsletter/data/[\w-]+/", bytes(letter.message).decode().replace("=\r\n", "")))
    assert link.encode() not in shown.content
    assert b"ann@example.com" in client.get(link).content


def test_fresh_links_are_mailed_a_few_times_a_day(client, url, ann):
    for _ in range(5):
        client.post(f"{url}data/")
    assert OutgoingMail.objects.filter(kind="newsletter.personal-data").count() == 3


def test_an_expired_link_offers_another(client, ann):
    page = client.post(f"/newsletter/data/{expired(ann)}/erase/")
    assert page.status_code == 410
    (again,) = re.findall(r'action="([^"]+/data/)"', page.content.decode())
    client.post(again)
    assert OutgoingMail.objects.get().recipient == "ann@example.com"
    assert Subscriber.objects.exists()


def expired(subscriber):
    return make_token("personal-data", subscriber.pk, expires_in=timedelta(seconds=-1))


@pytest.mark.parametrize("action", ["export.json", "erase/"])
def test_nothing_is_done_by_opening_a_link(client, data_url, action):
    assert client.get(f"{data_url}{action}").status_code == 405
    assert Subscriber.objects.exists()


def test_the_data_can_be_downloaded(client, data_url, ann, weekly):
    factories.frozen(weekly)
    data = client.post(f"{data_url}export.json").json()
    assert data["email"] == "ann@example.com"
    assert data["subscriptions"][0]["newsletter"] == "Weekly"
    assert data["briefings"] == [{"subject": "Six bridges", "state": "pending", "sent_at": None}]


def test_erasure_leaves_counts_and_a_digest(client, data_url, ann, weekly):
    briefing = factories.frozen(weekly)
    for _ in range(2):
        assert b"Your data is erased" in client.post(f"{data_url}erase/").content
    assert not Subscriber.objects.exists()
    assert Delivery.objects.get().subscriber is None
    assert Suppression.objects.get().digest == Suppression.digest_of("ann@example.com")
    assert deliveries.counts_of(briefing)["pending"] == 1


def test_other_tokens_open_nobodys_page(client, ann):
    assert client.get(f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk + 1)}/").status_code == 404
