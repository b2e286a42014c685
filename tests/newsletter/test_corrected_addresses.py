"""After an address was corrected, links mailed to the one before open and confirm nothing; the new one gets fresh ones."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.models import Subscriber, Subscription
from newsletter.subscribers import address_changes, subscriptions
from tests.newsletter import factories
from tests.newsletter.sending import send_what_is_left

pytestmark = pytest.mark.django_db

NEW = "anne@example.org"


def correct(person):
    address_changes.correct(person, NEW, way="desk", by="Nell", reason="mistyped")


def some_time_ago():
    """Have the correction be older than the links that are mailed now: they say when they were made to the second."""
    Subscriber.objects.update(corrected_at=timezone.now() - timedelta(seconds=5))


def mailed_link(part):
    mail = OutgoingMail.objects.filter(recipient=NEW).latest("pk")
    return re.search(
        rf"/newsletter/{part}/[\w.-]+/", bytes(mail.message).decode().replace("=\r\n", "").replace("=\n", "")
    )[0]


def test_a_letter_s_link_shows_neither_the_address_nor_the_lists_and_saves_nothing(client, ann):
    url = f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/"
    assert client.get(url).status_code == 200
    correct(ann)
    for page in (client.get(url), client.post(url, {"newsletters": []})):
        assert page.status_code == 410
        assert NEW not in page.content.decode()
    assert Subscription.objects.get().state == "confirmed"


def test_the_new_address_gets_a_link_that_opens_the_preferences(client, ann):
    correct(ann)
    some_time_ago()
    client.post(f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/data/")
    page = client.get(mailed_link("data")).content.decode()
    fresh = re.search(r"/newsletter/preferences/[\w.-]+/", page)[0]
    assert NEW in client.get(fresh).content.decode()
    client.post(fresh, {"newsletters": []})
    assert Subscription.objects.get().state == "unsubscribed"


def test_links_to_data_that_were_mailed_before_open_nothing(client, ann):
    url = f"/newsletter/data/{subscriptions.data_token(ann.pk)}/"
    correct(ann)
    assert [client.get(url).status_code, client.post(f"{url}export.json").status_code] == [410, 410]
    assert client.post(f"{url}erase/").status_code == 410
    assert Subscriber.objects.get().email == NEW


def test_a_link_to_confirm_that_was_mailed_before_confirms_nothing(client):
    asked = factories.subscription(factories.newsletter(), state="pending")
    url = f"/newsletter/confirm/{subscriptions.confirm_token(asked)}/"
    correct(asked.subscriber)
    assert client.post(url).status_code == 409
    assert Subscription.objects.get().state == "pending"


def test_a_letter_s_link_still_unsubscribes(client, ann):
    newsletter = Subscription.objects.get().newsletter_id
    correct(ann)
    client.post(f"/newsletter/unsubscribe/{subscriptions.unsubscribe_token(ann.pk, newsletter)}/")
    assert Subscription.objects.get().state == "unsubscribed"


def test_another_spelling_of_the_same_address_leaves_its_links_alone(client, ann):
    address_changes.correct(ann, "Ann@example.com", way="desk", by="Nell", reason="her own spelling")
    assert client.get(f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/").status_code == 200


def test_a_letter_that_was_sent_after_it_opens_the_preferences(client, ann, weekly, smtp_server):
    correct(ann)
    some_time_ago()
    send_what_is_left(factories.frozen(weekly))
    letter = smtp_server.messages[0].message.decode().replace("=\r\n", "")
    assert NEW in client.get(re.search(r"/newsletter/preferences/[\w-]+/", letter)[0]).content.decode()
    unsubscribe = re.search(r"/newsletter/unsubscribe/[\w-]+/", letter)[0]
    onward = re.search(r"/newsletter/preferences/[\w-]+/", client.get(unsubscribe).content.decode())[0]
    assert NEW not in client.get(onward).content.decode()  # since an older letter's leads there too
