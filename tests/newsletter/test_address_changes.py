"""A subscriber changes the address: asked with a fresh link, confirmed at the new one, and nobody takes anything over."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.models import OutgoingMail
from newsletter import bounces, retention
from newsletter.mail.return_path import address_for
from newsletter.models import AddressChange, ConsentAct, Delivery, Subscriber, Subscription
from newsletter.subscribers import address_changes, choices, stops, subscriptions
from newsletter.subscribers.restored_stops import reapply
from tests.newsletter import factories
from tests.newsletter.reports import POSTFIX, written

pytestmark = pytest.mark.django_db

NEW = "anne@example.org"


@pytest.fixture
def url(ann):
    return f"/newsletter/preferences/{subscriptions.fresh_preferences_token(ann.pk)}/"


def ask(client, url, address=NEW):
    return client.post(f"{url}address/", {"email": address})


def mails():
    return {mail.recipient: mail.kind for mail in OutgoingMail.objects.all()}


def link():
    mail = bytes(OutgoingMail.objects.get(kind="newsletter.new-address").message).decode().replace("=\r\n", "")
    return re.search(r"/newsletter/address/[\w-]+/", mail)[0]


def test_it_is_confirmed_at_the_new_address_and_the_old_one_is_told(client, ann, url):
    assert "Check the inbox of the new address" in ask(client, url).content.decode()
    assert NEW in client.get(link()).content.decode()
    assert Subscriber.objects.get().email == "ann@example.com"
    page = client.post(link()).content.decode()
    assert (Subscriber.objects.get().email, Subscription.objects.get().state) == (NEW, "confirmed")
    assert mails()["ann@example.com"] == "newsletter.address-changed"
    assert NEW not in bytes(OutgoingMail.objects.get(recipient="ann@example.com").message).decode()
    assert NEW in client.get(re.search(r"/newsletter/preferences/[\w-]+/", page)[0]).content.decode()
    assert ConsentAct.objects.last().in_words().startswith("Address changed for Weekly, via link mailed to the new")
    assert client.post(link()).status_code == 410


def test_the_link_in_a_letter_asks_for_nothing_and_says_how(client, ann):
    letter = f"/newsletter/preferences/{subscriptions.mailed_preferences_token(ann.pk)}/"
    assert "Change the address" not in client.get(letter).content.decode()
    assert ask(client, letter).status_code == 410
    assert mails() == {}
    client.post(f"{letter}data/")
    mail = bytes(OutgoingMail.objects.get().message).decode().replace("=\r\n", "").replace("=3D", "=")
    fresh = re.search(r"/newsletter/preferences/[\w-]+/", mail)[0]
    assert "Change the address" in client.get(fresh).content.decode()


@pytest.mark.parametrize("state", ["confirmed", "unsubscribed"])
def test_an_address_that_subscribes_already_keeps_what_it_chose_and_the_answer_is_the_same(
    client, ann, url, weekly, state
):
    factories.subscription(weekly, NEW, state=state)
    assert ask(client, url).content == ask(client, url, "free@example.org").content
    assert mails() == {NEW: "newsletter.address-taken", "free@example.org": "newsletter.new-address"}
    assert set(Subscriber.objects.values_list("email", flat=True)) == {"ann@example.com", NEW}


def test_an_address_that_signed_up_meanwhile_is_not_taken_over(client, ann, url, weekly):
    ask(client, url)
    factories.subscription(weekly, NEW)
    page = client.post(link())
    assert (page.status_code, "signed up by itself meanwhile" in page.content.decode()) == (409, True)
    assert ann.email in Subscriber.objects.values_list("email", flat=True)


@pytest.mark.parametrize("reason", ["complaint", "staff"])
def test_an_address_that_wants_no_mail_gets_none(client, ann, url, reason):
    free = ask(client, url, "free@example.org").content
    factories.suppression(reason, NEW)
    assert ask(client, url).content == free
    assert NEW not in mails()


@pytest.mark.parametrize("reason", ["complaint", "staff"])
def test_an_address_that_said_no_after_it_was_asked_stays_unwritten_to(client, ann, url, reason):
    ask(client, url)
    factories.suppression(reason, NEW)
    assert client.post(link()).status_code == 409
    assert Subscriber.objects.get().email == "ann@example.com"


def test_confirming_at_an_address_whose_mail_came_back_once_lifts_that(client, ann, url):
    factories.suppression("bounce", NEW)
    ask(client, url)
    client.post(link())
    assert (Subscriber.objects.get().suppressed, Subscription.objects.get().standing) == ("", "Confirmed")
    assert ConsentAct.objects.last().act == "lifted"


def test_a_subscriber_whose_mail_came_back_is_written_to_at_the_new_address(client, ann, url):
    factories.suppression("bounce")
    ask(client, url)
    client.post(link())
    assert Subscriber.objects.get().suppressed == ""


def test_whoever_complained_changes_no_address(client, ann, url):
    factories.suppression("complaint")
    assert "Your address" not in client.get(url).content.decode()
    assert ask(client, url).status_code == 410


@pytest.mark.parametrize(
    ("address", "words"),
    [("ann@example.com", "write to already"), ("nobody", "not an e-mail address"), ("", "Enter your e-mail address")],
)
def test_what_cannot_be_the_new_address_is_refused_in_words(client, ann, url, address, words):
    page = ask(client, url, address)
    assert (page.status_code, words in page.content.decode(), mails()) == (400, True, {})


def test_the_last_address_that_was_asked_for_counts(client, ann, url):
    ask(client, url)
    first = link()
    OutgoingMail.objects.all().delete()
    ask(client, url, "third@example.org")
    assert client.post(first).status_code == 410
    client.post(link())
    assert Subscriber.objects.get().email == "third@example.org"


def test_too_many_changes_in_a_day_are_refused_and_no_address_is_flooded(client, ann, url, weekly):
    for _ in range(3):
        ask(client, url)
    assert "Try again tomorrow" in ask(client, url).content.decode()
    bob = factories.subscription(weekly, "bob@example.com").subscriber
    assert ask(client, f"/newsletter/preferences/{subscriptions.fresh_preferences_token(bob.pk)}/").status_code == 200
    assert OutgoingMail.objects.filter(recipient=NEW).count() == 3


def test_what_was_chosen_comes_along(client, ann, url, weekly):
    until = timezone.now() + timedelta(days=3)
    choices.pause(ann, weekly, until=until, by=choices.By())
    ask(client, url)
    client.post(link())
    assert Subscription.objects.get().paused_until == until


def test_a_bounce_from_the_old_address_says_nothing_about_the_new_one(ann, weekly, settings):
    settings.BOUNCE_ADDRESS = "bounces@news.example"
    row = Delivery.objects.create(briefing=factories.sent(weekly, opened=0, clicked=0), subscriber=ann)
    Delivery.objects.filter(pk=row.pk).update(state="sent", sent_at=timezone.now() - timedelta(minutes=1))
    address_changes.correct(ann, NEW, way="desk", by="Nell", reason="mistyped")
    assert bounces.take(written(POSTFIX, to=address_for(row.pk))) == "gone"
    assert Subscriber.objects.get().suppressed == ""


def test_what_nobody_confirms_goes_and_so_does_what_belongs_to_the_erased(client, ann, url):
    ask(client, url)
    AddressChange.objects.update(asked_at=timezone.now() - timedelta(days=3))
    retention.delete_address_changes()
    assert not AddressChange.objects.exists()
    ask(client, url)
    subscriptions.erase(ann)
    assert not AddressChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_writes_no_more_to_the_old_address(client, ann, weekly):
    stops.path().unlink(missing_ok=True)
    address_changes.correct(ann, NEW, way="desk", by="Nell", reason="mistyped")
    outside = stops.path().read_bytes()
    Subscriber.objects.all().delete()
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        factories.subscription(weekly)  # as the backup has it
    stops.path().write_bytes(outside)
    assert [reapply(), reapply()] == [1, 0]
    assert Subscription.objects.get().state == "unsubscribed"
    stops.path().unlink()


@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_writes_to_whoever_has_the_former_address_again(ann, weekly):
    stops.path().unlink(missing_ok=True)
    former = ann.email
    for address in (NEW, former):
        address_changes.correct(Subscriber.objects.get(), address, way="desk", by="Nell", reason="a mistake")
    outside = stops.path().read_bytes()
    Subscriber.objects.all().delete()
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        factories.subscription(weekly)
    stops.path().write_bytes(outside)
    reapply()
    assert Subscription.objects.get().state == "confirmed"
    stops.path().unlink()
