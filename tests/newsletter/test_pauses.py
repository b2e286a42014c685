"""Pauses: nothing is sent until their day, then it goes on by itself; subscribers and staff set and end them."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.models import ConsentAct, Subscription
from newsletter.subscribers import choices, consent, stops, subscriptions
from newsletter.subscribers.restored_stops import reapply
from tests.newsletter import factories
from tests.newsletter.sending import send_what_is_left

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(ann):
    return f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/"


def pause(person, weekly, **ahead):
    until = timezone.now() + timedelta(**ahead)
    choices.pause(person, weekly, until=until, by=choices.By())
    return until


def choose(client, url, weekly, day):
    return client.post(url, {"newsletters": [weekly.pk], f"pause_{weekly.pk}": day}).content.decode()


def in_days(number):
    return (timezone.localdate() + timedelta(days=number)).isoformat()


def acts():
    return [act.act for act in ConsentAct.objects.all()][2:]


def test_who_pauses_is_counted_and_not_written_to(weekly, ann, smtp_server):
    factories.subscription(weekly, "bob@example.com")
    pause(ann, weekly, days=3)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert [message.recipient for message in smtp_server.messages] == ["bob@example.com"]
    assert (briefing.candidates, briefing.delivered, briefing.skipped) == (2, 1, 1)
    assert briefing.deliveries.get(subscriber=ann).note == "paused"


def test_who_pauses_after_the_freeze_is_skipped(weekly, ann, smtp_server):
    factories.subscription(weekly, "bob@example.com")
    briefing = factories.frozen(weekly)
    pause(ann, weekly, days=3)
    send_what_is_left(briefing)
    assert [message.recipient for message in smtp_server.messages] == ["bob@example.com"]


def test_a_pause_ends_by_itself(weekly, ann, smtp_server):
    with time_machine.travel(timezone.now() - timedelta(days=2), tick=False):
        pause(ann, weekly, days=1)
    send_what_is_left(factories.frozen(weekly))
    assert [message.recipient for message in smtp_server.messages] == ["ann@example.com"]
    assert acts() == ["paused"]


def test_only_who_is_not_paused_is_counted_as_reached(weekly, ann):
    factories.subscription(weekly, "bob@example.com")
    pause(ann, weekly, days=3)
    assert weekly.subscriptions.all().count_mailable() == Subscription.objects.mailable().count() == 1
    factories.suppression("bounce", "ann@example.com")
    assert weekly.subscriptions.all().count_mailable() == 1


def test_a_subscriber_pauses_until_a_day_and_ends_it_by_clearing_it(client, url, weekly):
    assert f'value="{in_days(9)}"' in choose(client, url, weekly, in_days(9))
    assert Subscription.objects.get().paused_until == choices.start_of(date.fromisoformat(in_days(9)))
    choose(client, url, weekly, in_days(9))
    choose(client, url, weekly, "")
    assert Subscription.objects.get().paused_until is None
    assert acts() == ["paused", "resumed"]
    assert ConsentAct.objects.get(act="paused").in_words().startswith("Paused Weekly until ")


def test_what_a_form_does_not_ask_about_stays_paused(client, url, weekly, ann):
    until = pause(ann, weekly, hours=1)
    client.post(url, {"newsletters": [weekly.pk]})
    day = Subscription.objects.get().resume_date.isoformat()
    choose(client, url, weekly, day)  # as it was shown, whatever the hour
    assert Subscription.objects.get().paused_until == until


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (in_days(0), "Choose a day after today."),
        ("2020-02-02", "Choose a day after today."),
        (in_days(500), "for a year at most"),
        ("soon", "Write a day, such as"),
    ],
)
def test_a_day_that_cannot_be_is_refused_in_words_and_nothing_is_saved(client, url, weekly, day, words):
    page = choose(client, url, weekly, day)
    assert words in page
    assert "Nothing is saved yet" in page
    assert acts() == []


def test_staff_pause_and_end_it_with_a_reason(client, weekly, ann):
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    page = f"/admin/newsletter/subscriber/{ann.pk}/act"
    until = f"{timezone.now() + timedelta(days=3):%Y-%m-%dT%H:%M}"
    client.post(f"{page}/pause/", {"newsletter": weekly.pk, "until": until, "reason": "asked by phone"})
    assert "paused until" in Subscription.objects.get().standing
    assert b"End a pause" in client.get(f"/admin/newsletter/subscriber/{ann.pk}/change/").content
    client.post(f"{page}/resume/", {"newsletter": weekly.pk, "reason": "back"})
    assert Subscription.objects.get().paused_until is None
    assert [(act.act, act.actor, act.note) for act in ConsentAct.objects.all()][2:] == [
        ("paused", "staff", "asked by phone"),
        ("resumed", "staff", "back"),
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("later", "paused"), [([], True), (["resumed"], False), (["left", "confirmed"], False), (["paused"], True)]
)
def test_a_pause_that_a_restored_backup_lacks_holds_again(weekly, ann, later, paused):
    stops.path().unlink(missing_ok=True)
    person = consent.person(ann)
    until = [timezone.now() + timedelta(days=days) for days in (30, 60)]
    events = [("paused", until[0]), *((act, until[1] if act == "paused" else None) for act in later)]
    consent.keep_outside([consent.NewAct(person, act, "subscriber", weekly.pk, until=when) for act, when in events])
    assert [reapply(), reapply()] == [int(paused), 0]
    assert Subscription.objects.get().paused_until == ((until[1] if later else until[0]) if paused else None)
    stops.path().unlink()


def test_signing_up_again_while_it_is_paused_is_told_so(weekly, ann):
    pause(ann, weekly, days=3)
    factories.sign_up("ann@example.com", newsletter=weekly)
    assert "but paused: nothing comes before" in bytes(OutgoingMail.objects.get().message).decode().replace("=\r\n", "")
    assert Subscription.objects.get().is_paused
