"""The preferences page: lists, the person's data, erasure."""

import pytest

from newsletter import deliveries, subscriptions
from newsletter.models import Delivery, Subscriber, Subscription, Suppression
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    return factories.newsletter()


@pytest.fixture
def ann(weekly):
    return factories.subscription(weekly).subscriber


@pytest.fixture
def url(ann):
    return f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/"


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


def test_a_closed_list_cannot_be_joined_but_may_be_kept(client, url, weekly):
    closed = factories.newsletter(name="Closed", slug="closed", is_default=False, is_open=False)
    weekly.is_open = False
    weekly.save()
    assert client.post(url, {"newsletters": [weekly.pk, closed.pk]}).status_code == 200
    assert states() == {"weekly": "confirmed"}


def test_the_data_can_be_downloaded(client, url, ann, weekly):
    factories.frozen(weekly)
    data = client.get(f"{url}export.json").json()
    assert data["email"] == "ann@example.com"
    assert data["subscriptions"][0]["newsletter"] == "Weekly"
    assert data["briefings"] == [{"subject": "Six bridges", "state": "pending", "sent_at": None}]


def test_opening_the_erasure_page_erases_nothing(client, url, ann):
    assert b"Erase your data?" in client.get(f"{url}erase/").content
    assert Subscriber.objects.exists()


def test_erasure_leaves_counts_and_a_digest(client, url, ann, weekly):
    briefing = factories.frozen(weekly)
    for _ in range(2):
        assert b"Your data is erased" in client.post(f"{url}erase/").content
    assert not Subscriber.objects.exists()
    assert Delivery.objects.get().subscriber is None
    assert Suppression.objects.get().digest == Suppression.digest_of("ann@example.com")
    assert deliveries.counts_of(briefing)["pending"] == 1


def test_other_tokens_open_nobodys_page(client, ann):
    assert client.get(f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk + 1)}/").status_code == 404
