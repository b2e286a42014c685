"""A welcome mail that names who pays us waits for a person, and says so once that is disclosed."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.automations import lifecycle
from newsletter.models import Newsletter, Subscriber, Subscription
from newsletter.subscribers import subscriptions, welcome
from sponsors import flag_searches, flags
from sponsors.models import DisclosureEntry, Flag
from tests.articles import factories as articles
from tests.desks import opened, save
from tests.newsletter import automations, factories
from tests.newsletter.test_welcome import confirm, leave, parsed, welcomes
from tests.sponsors import factories as ads

pytestmark = pytest.mark.django_db
STANDING = "Northwind Custody has paid us for advertising and is named here."


@pytest.fixture
def weekly():
    factories.profile()
    return factories.newsletter(welcome_subject="Welcome", welcome_text="Read what Northwind Custody told us.")


@pytest.fixture
def flag(weekly):
    ads.running()
    flag_searches.ask("a test")
    while flag_searches.run(seconds=5):
        pass
    return Flag.objects.open().get()


def test_it_is_sent_once_somebody_decided_and_says_who_pays(weekly, flag):
    assert (flag.noun, flag.title) == ("welcome mail", f"The welcome mail of {weekly}")
    early = confirm(weekly, "early@example.com")
    assert (subscriptions.greet_due(), welcomes().count()) == (0, 0)
    flags.decide(flag, "disclosed", by=articles.user("editor"))
    assert [subscriptions.greet_due(), subscriptions.greet_due()] == [1, 0]
    mail = welcomes().get(recipient="early@example.com")
    leave(early)
    confirm(weekly, "early@example.com")
    assert welcomes().count() == 1
    confirm(weekly)
    assert welcomes().count() == 2
    for kind in ("plain", "html"):
        assert STANDING in " ".join(parsed(mail).get_body([kind]).get_content().split())
    assert DisclosureEntry.objects.filter(kind="flag").count() == 1


def test_whoever_left_or_complained_or_waited_too_long_meanwhile_gets_none(weekly, flag):
    with time_machine.travel(timezone.now() - timedelta(days=8)):
        confirm(weekly, "long-ago@example.com")
    leave(confirm(weekly, "left@example.com"))
    gone = confirm(weekly, "gone@example.com")
    subscriptions.erase(gone.subscriber)
    complained = confirm(weekly, "complained@example.com")
    Subscriber.objects.filter(pk=complained.subscriber_id).update(suppressed="complaint")
    paused = confirm(weekly, "paused@example.com")
    Subscription.objects.filter(pk=paused.pk).update(paused_until=timezone.now() + timedelta(days=20))
    confirm(weekly, "waits@example.com")
    assert subscriptions.greet_due() == 1
    flags.decide(flag, "not them", by=articles.user("editor"))
    subscriptions.greet_due()
    assert [mail.recipient for mail in welcomes()] == ["waits@example.com"]


def test_the_page_of_the_newsletter_says_that_it_waits_and_its_preview_has_it_decided(weekly, client):
    ads.running()
    client.force_login(articles.user("administrator"))
    desk, preview = (reverse(f"admin:newsletter_newsletter_{name}", args=[weekly.pk]) for name in ("change", "welcome"))
    assert "The welcome mail waits" in client.get(desk).content.decode()
    page = client.get(preview)
    (shown,) = page.context["flags"]
    assert page.context["may_decide"]
    made = automations.automation(weekly, {"letter": "Hello"})
    assert "The welcome mail waits" not in client.get(desk).content.decode()
    lifecycle.end(made, by=factories.user())
    assert "The welcome mail waits" in client.get(desk).content.decode()
    flags.decide(shown, "not them", by=articles.user("editor"))
    assert "The welcome mail waits" not in client.get(desk).content.decode()


def test_those_who_decide_are_told_that_readers_are_left_out_once_a_day(weekly):
    editor = articles.user("editor")
    ads.running()
    for name in ("first", "second"):
        confirm(weekly, f"{name}@example.com")
    (mail,) = OutgoingMail.objects.filter(kind="newsletter.welcome-waits", recipient=editor.email)
    assert b"Northwind Custody pays us" in bytes(mail.message)
    assert Flag.objects.open().get().noun == welcome.NOUN


def test_whoever_comes_back_would_get_none_and_troubles_nobody(weekly):
    articles.user("editor")
    leave(confirm(weekly))
    ads.running()
    confirm(weekly)
    assert not OutgoingMail.objects.filter(kind="newsletter.welcome-waits").exists()


def test_what_an_automation_takes_the_place_of_is_asked_once_that_ends(weekly, flag):
    made = automations.automation(weekly, {"letter": "Hello"})
    assert not Flag.objects.standing().exists()
    lifecycle.end(made, by=factories.user())
    assert Flag.objects.open().get() == flag


def test_who_is_not_meant_is_not_named_and_what_is_held_is_not_sent(weekly, flag):
    flags.decide(flag, "not them", by=articles.user("editor"))
    confirm(weekly)
    assert b"has paid us" not in bytes(welcomes().get().message)
    flags.decide(flag, "held", by=articles.user("editor"))
    confirm(weekly, "late@example.com")
    assert welcomes().count() == 1


def test_what_an_editor_writes_is_looked_at(weekly, client):
    Newsletter.objects.update(welcome_text="Hello.")
    ads.running()
    client.force_login(articles.user("administrator"))
    page = opened(client, weekly)
    assert save(client, weekly, page, welcome_text="Northwind Custody says hello.").status_code == 302
    assert Flag.objects.open().get().noun == welcome.NOUN
