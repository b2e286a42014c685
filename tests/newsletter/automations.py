"""Automations for tests: made of steps, started, and run as the worker runs them."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from newsletter.automations import flow, letters, lifecycle
from newsletter.models import Automation, AutomationStep, Briefing, Enrolment
from newsletter.sending import sender
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
