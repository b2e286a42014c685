"""A real worker is killed in the midst of a send: nobody is lost, nobody gets it twice."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.models import Briefing, Delivery, Enrolment, Subscriber
from newsletter.sending import sender
from newsletter.subscribers import enrolments
from newsletter.tasks import run_automations, start_due_briefings, sweep_briefings
from tests.newsletter import factories
from tests.newsletter.automations import automation, wait
from tests.processes import others_are_idle
from tests.smtp import wait_until

SUBSCRIBERS = 400


@pytest.fixture
def briefing(celery_worker):
    weekly = factories.newsletter()
    factories.subscriptions(weekly, SUBSCRIBERS)
    return factories.approved(weekly)


def end_the_leases_of_the_dead():
    """As if their five minutes were over; the database first ends what it was doing for them."""
    wait_until(others_are_idle, what="the last statement of the dead")
    Delivery.objects.filter(state="sending").update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def is_sent(briefing):
    return Briefing.objects.get(pk=briefing.pk).state == "sent"


def received_by(smtp_server):
    return Counter(message.recipient for message in smtp_server.messages)


def test_a_worker_killed_in_the_midst_loses_nobody_and_repeats_nobody(briefing, celery_worker, smtp_server):
    start_due_briefings.delay()
    smtp_server.wait_for(SUBSCRIBERS // 5)
    celery_worker.kill()
    by_the_first = len(smtp_server.messages)
    assert by_the_first < SUBSCRIBERS, "it was over before it could be killed"
    end_the_leases_of_the_dead()
    celery_worker.start()
    sweep_briefings.delay()
    wait_until(lambda: is_sent(briefing), seconds=60, what="the second worker's send")

    received = received_by(smtp_server)
    state = dict(Delivery.objects.values_list("subscriber__email", "state"))
    uncertain = {email for email, its in state.items() if its == "uncertain"}
    assert max(received.values()) == 1
    assert {email for email, its in state.items() if its == "sent"} <= set(received)
    assert set(state) - set(received) <= uncertain
    assert set(state.values()) <= {"sent", "uncertain"}
    assert len(uncertain) <= 2 * sender.SESSIONS  # two pumps
    done = Briefing.objects.get(pk=briefing.pk)
    assert (done.candidates, done.delivered + done.uncertain) == (SUBSCRIBERS, SUBSCRIBERS)


def test_a_lost_doorbell_only_costs_time(briefing, celery_worker, smtp_server):
    sweep_briefings.delay()  # what beat rings: nobody said that this briefing was approved
    wait_until(lambda: is_sent(briefing), seconds=60, what="the send")
    assert set(received_by(smtp_server).values()) == {1}
    assert len(smtp_server.messages) == SUBSCRIBERS


def test_many_doorbells_send_nothing_twice(briefing, celery_worker, smtp_server):
    for _ in range(5):
        sweep_briefings.delay()
    wait_until(lambda: is_sent(briefing), seconds=60, what="the send")
    assert received_by(smtp_server).most_common(1)[0][1] == 1
    assert len(smtp_server.messages) == SUBSCRIBERS


def test_a_worker_killed_in_the_midst_of_an_automation_leaves_nobody_out_and_nobody_twice(celery_worker, smtp_server):
    weekly = factories.newsletter()
    made = automation(weekly, {"letter": "Welcome"}, wait(3))
    factories.subscriptions(weekly, SUBSCRIBERS)
    for subscriber in Subscriber.objects.all():
        enrolments.enter(made, subscriber, again=False)
    run_automations.delay()
    smtp_server.wait_for(SUBSCRIBERS // 5)
    celery_worker.kill()
    end_the_leases_of_the_dead()
    celery_worker.start()
    Enrolment.objects.update(due_at=timezone.now())  # as if the time had come to look whether letters left
    run_automations.delay()
    wait_until(lambda: Delivery.objects.count() == SUBSCRIBERS, seconds=60, what="everybody's letter")
    sweep_briefings.delay()
    wait_until(lambda: not Delivery.objects.unfinished().exists(), seconds=60, what="the second worker's send")
    Enrolment.objects.filter(step__kind="letter").update(due_at=timezone.now())
    run_automations.delay()
    wait_until(lambda: not Enrolment.objects.filter(step__kind="letter").exists(), seconds=60, what="the next step")

    received = received_by(smtp_server)
    assert max(received.values()) == 1
    uncertain = Delivery.objects.filter(state="uncertain").count()
    assert Delivery.objects.count() == SUBSCRIBERS
    assert len(received) >= SUBSCRIBERS - uncertain
    assert uncertain <= 2 * sender.SESSIONS
