"""Automations for those who have gone quiet: who they are, what they are asked, and what becomes of who does not answer."""

from datetime import timedelta

import pytest
from django.forms import modelform_factory
from django.urls import reverse
from django.utils import timezone

from newsletter.admin.audience import NewsletterForm
from newsletter.automations import flow, lifecycle
from newsletter.models import AutomationStep, ConsentAct, Delivery, Enrolment, Hit, Newsletter, Subscription
from newsletter.subscribers import choices, subscriptions
from tests.newsletter import factories
from tests.newsletter.automations import automation, confirm, got, later, quiet, read, run, tagged_segment, wait, where

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    factories.profile()
    return factories.newsletter(time_zone="Europe/Berlin")


def stay_or_go(weekly, **fields):
    asks = {"letter": "Shall we go on?", "asks_to_stay": True}
    return automation(weekly, asks, wait(7), {"kind": "unsubscribe"}, begins="quiet", ends_when_reading=True, **fields)


def test_whoever_read_nothing_for_long_enters_and_those_who_did_or_got_little_do_not(weekly):
    one, two, three = quiet(weekly, 3)
    read(two.deliveries.first(), "open")
    Delivery.objects.filter(subscriber=three).first().delete()
    made = stay_or_go(weekly)
    flow.run_due()
    assert where(made) == {one.email: 1}


@pytest.mark.parametrize("verdict", ["machine", "rejected", ""])
def test_what_machines_opened_does_not_count_as_read(weekly, verdict):
    (one,) = quiet(weekly)
    reason = {"reason": "prefetch"} if verdict else {}
    Hit.objects.create(delivery=one.deliveries.first(), kind="open", verdict=verdict, **reason)
    made = stay_or_go(weekly)
    flow.run_due()
    assert where(made) == {one.email: 1}


def test_briefings_whose_opens_were_not_counted_make_nobody_quiet(weekly):
    quiet(weekly)
    made = stay_or_go(weekly)
    Delivery.objects.first().briefing.links.all().delete()
    flow.run_due()
    assert not made.enrolments.exists()


def test_once_opens_are_not_counted_nobody_enters_or_is_taken_off_the_list(weekly, smtp_server):
    one, _ = quiet(weekly, 2)
    made = stay_or_go(weekly, most_per_day=1)
    run()
    with later(minutes=10):
        run()
    Newsletter.objects.update(counts_reading=False)
    with later(days=9):
        run()
    assert where(made) == {one.email: 3}
    made.refresh_from_db()
    assert made.trouble.startswith("Weekly counts no opens and clicks any more.")
    assert Subscription.objects.confirmed().count() == 2


def test_counting_stays_on_while_something_that_runs_goes_by_it(weekly):
    form = modelform_factory(Newsletter, form=NewsletterForm, fields=["counts_reading"])
    made = stay_or_go(weekly)
    assert "“First week”" in form({}, instance=weekly).errors["counts_reading"][0]
    lifecycle.pause(made, by=factories.user())
    assert "counts_reading" not in form({}, instance=weekly).errors


def test_it_looks_for_them_once_a_day_and_takes_no_more_than_it_may(weekly):
    quiet(weekly, 3)
    made = stay_or_go(weekly, most_per_day=2)
    for _ in range(2):
        flow.run_due()
    assert made.enrolments.count() == 2
    with later(days=1):
        flow.run_due()
        flow.run_due()
    assert made.enrolments.count() == 3


def test_whoever_does_not_answer_is_taken_off_the_list_with_the_ledger_saying_why(weekly, smtp_server):
    (one,) = quiet(weekly)
    made = stay_or_go(weekly)
    run()
    assert "Yes, keep me subscribed" in got(smtp_server, one.email)[0].get_body(("plain",)).get_content()
    with later(minutes=10):
        run()
    with later(days=8):
        run()
    assert Subscription.objects.get().state == "unsubscribed"
    act = ConsentAct.objects.latest("pk")
    assert (act.act, act.actor, act.way, act.note) == ("left", "automation", "automation", "Automation “First week”")
    assert where(made) == {one.email: "finished"}


def test_a_pause_by_rule_is_in_the_ledger_too(weekly, smtp_server):
    quiet(weekly)
    automation(
        weekly,
        {"letter": "Shall we go on?", "asks_to_stay": True},
        wait(2),
        {"kind": "pause", "amount": 90},
        begins="quiet",
    )
    run()
    with later(minutes=10):
        run()
    with later(days=3):
        run()
        row = Subscription.objects.get()
        assert (row.state, row.paused_until.date()) == ("confirmed", (timezone.now() + timedelta(days=90)).date())


def test_whom_the_question_did_not_reach_stays_on_the_list(weekly):
    quiet(weekly)
    made = stay_or_go(weekly)
    flow.run_due()
    Delivery.objects.filter(briefing__automation=made).update(state="failed")
    for days in (1, 9):
        with later(days=days):
            flow.run_due()
    assert set(where(made).values()) == {"not_asked"}
    assert Subscription.objects.get().state == "confirmed"


def test_whom_the_question_reached_late_has_a_day_to_answer_all_the_same(weekly, smtp_server):
    (one,) = quiet(weekly)
    made = stay_or_go(weekly)
    run()
    end = made.steps.get(kind="unsubscribe")
    Enrolment.objects.update(step=end)
    asked = Delivery.objects.get(briefing__automation=made).sent_at
    with later(hours=2):
        run()
    assert (where(made), made.enrolments.get().due_at) == ({one.email: 3}, asked + timedelta(days=1))
    with later(hours=25):
        run()
    assert Subscription.objects.get().state == "unsubscribed"


def test_whoever_was_past_the_question_when_it_was_put_in_stays_on_the_list(weekly, smtp_server):
    (one,) = quiet(weekly)
    made = automation(weekly, {"letter": "News"}, wait(3), begins="quiet")
    run()
    with later(minutes=10):
        run()
    lifecycle.pause(made, by=factories.user())
    made.steps.filter(kind="letter").update(asks_to_stay=True)
    made.steps.create(kind="unsubscribe", ordering=3)
    lifecycle.start(made, by=factories.user())
    with later(days=4):
        run()
    assert (where(made), Subscription.objects.get().state) == ({one.email: "not_asked"}, "confirmed")


def test_a_fork_past_the_question_does_not_start(weekly):
    paying = tagged_segment("paying")
    fork = {"kind": "fork", "test": "not_in", "segment": paying}
    asks = {"letter": "Shall we go on?", "asks_to_stay": True}
    made = automation(weekly, fork, asks, wait(7), {"kind": "unsubscribe"}, begins="quiet", start=False)
    first, question, pause, end = made.steps.order_by("ordering")
    for target, problem in ((end, ["Step 4"]), (pause, ["Step 4"]), (question, [])):
        AutomationStep.objects.filter(pk=first.pk).update(target=target)
        assert [said[:6] for said in lifecycle.problems(made)] == problem


def test_the_button_in_the_letter_asks_first_and_keeps_the_subscription(weekly, client, smtp_server):
    (one,) = quiet(weekly)
    made = stay_or_go(weekly)
    run()
    text = got(smtp_server, one.email)[0].get_body(("plain",)).get_content()
    address = next(line for line in text.splitlines() if "keep me subscribed" in line).split(": ")[1]
    path = address.split("://")[1].partition("/")[2]
    assert "Stay subscribed?" in client.get(f"/{path}").content.decode()
    assert where(made) == {one.email: 1}
    assert "You stay subscribed" in client.post(f"/{path}").content.decode()
    assert where(made) == {one.email: "stayed"}
    assert "Chose to stay on Weekly" in ConsentAct.objects.latest("pk").in_words()
    with later(days=1):
        flow.run_due()
    assert made.enrolments.count() == 1  # chosen lately, so not quiet


def test_the_button_ends_a_pause_by_rule_and_leaves_one_of_their_own(weekly, smtp_server, client):
    (one,) = quiet(weekly)
    asks = {"letter": "Shall we go on?", "asks_to_stay": True}
    automation(weekly, asks, wait(2), {"kind": "pause", "amount": 90}, begins="quiet")
    run()
    with later(minutes=10):
        run()
    address = reverse("newsletter:stay", args=[subscriptions.unsubscribe_token(one.pk, weekly.pk)])
    with later(days=3):
        run()
        assert Subscription.objects.get().is_paused
        assert "comes as before" in client.post(address).content.decode()
        assert not Subscription.objects.get().is_paused
        choices.pause(one, weekly, until=timezone.now() + timedelta(days=30), by=choices.By())
        assert "nothing comes before" in client.post(address).content.decode()
        assert Subscription.objects.get().is_paused


def test_the_button_pressed_again_adds_nothing_to_the_ledger_on_that_day(weekly, client):
    address = reverse("newsletter:stay", args=[subscriptions.unsubscribe_token(confirm(weekly).pk, weekly.pk)])
    stays = ConsentAct.objects.filter(change="stays")
    for _ in range(3):
        assert "You stay subscribed" in client.post(address).content.decode()
    assert stays.count() == 1
    with later(days=2):
        client.post(address)
    assert stays.count() == 2


def test_whoever_reads_again_leaves_it(weekly, smtp_server):
    (one,) = quiet(weekly)
    made = stay_or_go(weekly)
    run()
    read(Delivery.objects.get(briefing__automation=made), at=timezone.now() + timedelta(minutes=1))
    with later(days=9):
        run()
    assert where(made) == {one.email: "reading"}
    assert Subscription.objects.get().state == "confirmed"
