"""Automations for tests: made of steps, started, and run as the worker runs them."""

import email
import email.policy
from datetime import timedelta

import time_machine
from django.utils import timezone

from newsletter.automations import flow, letters, lifecycle
from newsletter.models import (
    Automation,
    AutomationStep,
    Briefing,
    Delivery,
    Enrolment,
    Hit,
    Segment,
    SegmentCondition,
    SubscriberTag,
    Subscription,
)
from newsletter.sending import sender
from newsletter.subscribers import consent, subscriptions
from tests.newsletter import factories


def automation(newsletter, *steps, start=True, **fields):
    """An automation of these steps, each a dictionary of its columns; letters have their subject as `letter`."""
    factories.profile()
    made = Automation.objects.create(newsletter=newsletter, **{"name": "First week", **fields})
    for place, given in enumerate(steps, start=1):
        given = dict(given)
        subject = given.pop("letter", None)
        kind = {"kind": "letter"} if subject else {}
        step = AutomationStep.objects.create(automation=made, ordering=place, **kind, **given)
        if subject:
            draft = letters.draft_of(step)
            draft.subject, draft.introduction = subject, "<p>Good to have you, and here is where everything stands.</p>"
            draft.save()
    if start:
        lifecycle.start(made, by=factories.user())
    return made


def wait(amount=1, unit="days", **fields):
    return {"kind": "wait", "amount": amount, "unit": unit, **fields}


def run():
    """What the worker does: what is due, and the letters that come of it."""
    editions = flow.run_due()
    for key in editions:
        while sender.pump(key):
            pass
    return editions


def later(**ahead):
    return time_machine.travel(timezone.now() + timedelta(**ahead), tick=False)


def where(made):
    """Who stands where: the place of the step, or the state and the reason of those who are out."""
    rows = Enrolment.objects.filter(automation=made).select_related("step", "subscriber").order_by("pk")
    return {
        str(row.subscriber): row.step.ordering if row.state == "waiting" else row.reason or row.state for row in rows
    }


def editions(made):
    return list(Briefing.every.filter(automation=made).exclude(state="draft").order_by("pk"))


def quiet(weekly, count=1, *, issues=3):
    """Subscribers of long ago, who got so many issues lately and read none."""
    people = [factories.subscriber(f"quiet{number}@example.com") for number in range(count)]
    acts = (consent.NewAct(consent.person(one), "imported", "import", weekly.pk, way="test") for one in people)
    consent.record(*acts)
    Subscription.objects.update(since=timezone.now() - timedelta(days=200))
    at = timezone.now() - timedelta(days=10)
    for _ in range(issues):
        issue = factories.briefing(weekly)
        issue.links.create(number=0, url="https://example.com/")  # as where opens are counted
        rows = [Delivery(briefing=issue, subscriber=one, state="sent", sent_at=at) for one in people]
        Delivery.objects.bulk_create(rows)
    return people


def read(delivery, kind="click", **fields):
    """A hit that counts, as a person's."""
    link = delivery.briefing.links.order_by("number").last() if kind == "click" else None
    if kind == "click" and link is None:
        link = delivery.briefing.links.create(number=1, url="https://example.com/a")
    return Hit.objects.create(delivery=delivery, kind=kind, link=link, verdict="valid", **fields)


def got(server, recipient=""):
    """The letters that came, of one recipient or all."""
    came = server.to(recipient) if recipient else server.messages
    return [email.message_from_bytes(each.message, policy=email.policy.SMTP) for each in came]


def confirm(weekly, address="new@example.com"):
    row = factories.subscription(weekly, address, state="pending")
    subscriptions.confirm(row, issued_at=timezone.now())
    return row.subscriber


def tagged_segment(tag):
    """Those who have a tag."""
    made = Segment.objects.create(name=tag)
    own = SubscriberTag.objects.get_or_create(name=tag)[0]
    SegmentCondition.objects.create(segment=made, test="tagged", tag=own)
    return made
