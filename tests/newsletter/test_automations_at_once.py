"""Automations while subscribers leave, confirm and are erased at the same moment: nobody waits for the other for ever."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from core.models import OutgoingMail
from newsletter.automations import flow, lifecycle
from newsletter.models import Delivery, Enrolment, Newsletter, Subscription
from newsletter.subscribers import consent, subscriptions
from tests.newsletter import factories
from tests.newsletter.automations import automation, where
from tests.smtp import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def weekly():
    factories.profile()
    return factories.newsletter()


@pytest.fixture
def people(weekly):
    """Ann and Ben, who stand at the letter of an automation."""
    made = automation(weekly, {"letter": "Welcome"})
    rows = [factories.subscription(weekly, f"{name}@example.com", state="pending") for name in ("ann", "ben")]
    for row in rows:
        subscriptions.confirm(row, issued_at=row.requested_at)
    return made, *(row.subscriber for row in rows)


@pytest.mark.parametrize("for_good", [False, True])
def test_whoever_is_leaving_at_this_moment_is_passed_over_and_the_others_get_their_letter(weekly, people, for_good):
    made, ann, ben = people
    is_locked, has_run = Event(), Event()

    def leave():
        with transaction.atomic():
            consent.lock([consent.person(ann)], for_good=for_good)
            is_locked.set()
            has_run.wait(20)
            subscriptions.unsubscribe(subscriber_id=ann.pk, newsletter_id=weekly.pk, by="page")
        connection.close()

    with ThreadPoolExecutor(1) as thread:
        leaving = thread.submit(leave)
        is_locked.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        flow.run_due()
        has_run.set()
        leaving.result(20)
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    assert list(Delivery.objects.values_list("subscriber", flat=True)) == [ben.pk]
    assert where(made) == {"ann@example.com": "unsubscribed", "ben@example.com": 1}


def test_whoever_leaves_while_a_step_has_them_in_hand_leaves_when_it_is_done(weekly, people):
    made, ann, _ = people

    def leave():
        try:
            return subscriptions.unsubscribe(subscriber_id=ann.pk, newsletter_id=weekly.pk, by="page")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            step = made.steps.get()
            taken = flow._take(step)
            leaving = thread.submit(leave)
            wait_until(somebody_waits)
            flow._Moves(step, None, flow.Run(editions=set())).carry_out(taken)
        assert leaving.result(20)
    assert Subscription.objects.get(subscriber=ann).state == "unsubscribed"
    assert Enrolment.objects.get(subscriber=ann).reason == "unsubscribed"


def test_whoever_confirms_while_the_automation_is_being_ended_gets_the_welcome_mail(weekly):
    Newsletter.objects.update(welcome_subject="Welcome", welcome_text="Good to have you.")
    made = automation(Newsletter.objects.get(), {"letter": "Welcome"})
    row = factories.subscription(weekly, "ann@example.com", state="pending")

    def confirm():
        try:
            return subscriptions.confirm(row, issued_at=row.requested_at)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            lifecycle.end(made, by=factories.user())
            confirming = thread.submit(confirm)
            wait_until(somebody_waits)
        assert confirming.result(20)
    assert where(made) == {}
    assert OutgoingMail.objects.filter(kind="newsletter.welcome").count() == 1


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]
