"""An automation is started, paused and ended; and what must be right before it starts.

Its steps and letters can be changed while nothing moves: in a draft, and in one that is paused. A start puts into use what was
changed. Whoever is in it stands at a step, not at a place: they go on from there in the order that the steps have then.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import accounts, audit, doorbell
from core.models import User
from core.transitions import lock, move
from newsletter.automations import figures, letters
from newsletter.automations.letters import ANSWERED_WITHIN
from newsletter.models import Automation, AutomationStep, Briefing, Enrolment
from newsletter.sending import approval
from newsletter.subscribers import enrolments, segments, welcome
from sponsors import flags

State, Kind, Test = Automation.State, AutomationStep.Kind, AutomationStep.Test
RESTORED = (
    "It was restored from a backup, and whoever got a letter since that was made would get it again. Go on if that is right, or"
    " take those out first."
)


def problems(automation: Automation) -> list[str]:
    """Why it cannot start, a sentence each."""
    steps = list(automation.steps.select_related("segment", "target").order_by("ordering", "pk"))
    found, answers = list(_of_the_rules(automation, steps)), _time_to_answer(steps)
    for place, step in enumerate(steps):
        step.automation = automation
        said = [*_of_a_step(automation, step, steps[:place]), *_of_an_end(step, answers[place])]
        found += [f"Step {step.ordering}: {text}" for text in said]
    return found


def _of_the_rules(automation: Automation, steps: list[AutomationStep]) -> Iterator[str]:
    newsletter = automation.newsletter
    if not any(step.kind == Kind.LETTER for step in steps):
        yield "It has no letter: add a step that sends one."
    if automation.begins == Automation.Begins.TAGGED and automation.tag is None:
        yield "Choose the tag with which it begins."
    if automation.begins == Automation.Begins.SEGMENT and automation.segment is None:
        yield "Choose the segment with which it begins."
    if automation.goes_by_reading and not newsletter.counts_reading:
        yield f"{newsletter} counts no opens and clicks, so nobody can be found quiet or reading again."
    for segment in filter(None, (automation.segment, automation.exit_segment)):
        yield from segments.problems(segment)
    others = newsletter.automations.taking_in().filter(begins=Automation.Begins.CONFIRMED).exclude(pk=automation.pk)
    if automation.is_welcome and (other := others.first()):
        yield f"“{other.name}” begins when a subscription is confirmed, too. End it first."


def _of_a_step(automation: Automation, step: AutomationStep, before: list[AutomationStep]) -> Iterator[str]:
    if step.kind in (Kind.WAIT, Kind.PAUSE) and not step.amount:
        yield "say how long."
    elif step.kind == Kind.LETTER:
        yield from approval.problems(letters.draft_of(step))
    elif step.kind == Kind.FORK:
        yield from _of_a_fork(automation, step, before)


def _of_an_end(step: AutomationStep, answer: timedelta) -> Iterator[str]:
    if step.kind in (Kind.PAUSE, Kind.UNSUBSCRIBE) and answer < ANSWERED_WITHIN:
        yield (
            "before a subscription is paused or ended, a letter asks whether to stay, and there is at least one day to answer,"
            " by whichever way of the forks they come: tick that at a letter before it, and put a wait between."
        )


def _of_a_fork(automation: Automation, step: AutomationStep, before: list[AutomationStep]) -> Iterator[str]:
    if not step.test:
        yield "say whom the fork is about."
    if not step.leaves and step.target is None:
        yield "say at which step they go on, or that they leave."
    elif step.target and (step.target.ordering, step.target.pk) <= (step.ordering, step.pk):
        yield "they can only go on at a later step."
    if step.test in (Test.IN_SEGMENT, Test.NOT_IN_SEGMENT):
        yield from segments.problems(step.segment) if step.segment else ["choose the segment."]
    if step.goes_by_reading:
        kinds = [earlier.kind for earlier in before]
        if Kind.LETTER not in kinds:
            yield "there is no letter before it that could have been read."
        elif Kind.WAIT not in kinds[len(kinds) - kinds[::-1].index(Kind.LETTER) :]:
            yield "put a wait between the letter and the fork, or nobody has had the time to read it."
        if not automation.newsletter.counts_reading:
            yield f"{automation.newsletter} counts no opens and clicks."


def _time_to_answer(steps: list[AutomationStep]) -> list[timedelta]:
    """For each step, how long they have been asked who come to it by the way that asks latest; below nothing: not at all."""
    not_asked, nobody = timedelta(-1), timedelta.max
    places = {step.pk: place for place, step in enumerate(steps)}
    found = [not_asked, *[nobody] * len(steps)]  # and one for those who have done the last
    for place, step in enumerate(steps):
        after, target = found[place], places.get(step.target_id or 0, 0)
        if step.kind == Kind.LETTER and step.asks_to_stay:
            after = max(after, timedelta())
        elif step.kind == Kind.WAIT and not_asked < after < nobody:
            after += timedelta(**{step.unit: step.amount or 0})
        elif step.kind == Kind.FORK and not step.leaves and target > place:
            found[target] = min(found[target], after)
        if step.kind not in (Kind.LEAVE, Kind.UNSUBSCRIBE):
            found[place + 1] = min(found[place + 1], after)
    return found[: len(steps)]


def barred(automation: Automation, by: User) -> str:
    """Why this person may not start it; empty if nothing speaks against it."""
    drafts = Briefing.every.filter(automation=automation, state=Briefing.State.DRAFT)
    editors = {automation.edited_by_id, *drafts.values_list("edited_by", flat=True)}
    if automation.newsletter.approved_by_another and any(accounts.are_one(by.pk, each) for each in editors):
        return f"You changed it last, and what goes to {automation.newsletter} is approved by somebody else."
    return ""


@transaction.atomic
def start(automation: Automation, *, by: User) -> None:
    """Let it run, with its letters as they are now. Raises ValidationError with what stands in the way, or TransitionRefused."""
    lock(automation, "newsletter", "segment", "exit_segment")
    letters.put_in_places(automation)
    if found := list(filter(None, [barred(automation, by)])) or problems(automation):
        raise ValidationError(found)
    move(
        automation,
        sources=[State.DRAFT, State.PAUSED],
        to=State.RUNNING,
        action="started",
        name="This automation",
        started_at=automation.started_at or timezone.now(),
        started_by=by,
        trouble="",
    )
    for step in automation.steps.filter(kind=Kind.LETTER):
        step.automation = automation
        letters.put_into_use(step, by=by)
    _editions(automation).filter(state="paused").update(state="sending", trouble="", watch={})
    _look_at_welcome(automation)
    audit.record("started an automation", automation, by=by)
    figures.count(automation)
    doorbell.ring(enrolments.RUN)


@transaction.atomic
def pause(automation: Automation, *, by: User | str) -> None:
    """Stop after the letters that are on their way at this moment. Whoever is in it waits, and so does whoever enters."""
    move(automation, sources=[State.RUNNING], to=State.PAUSED, action="paused", name="This automation")
    _editions(automation).filter(state="sending").update(state="paused")
    audit.record("paused an automation", automation, by=by)


def pause_restored() -> int:
    """Pause what runs in a database that was restored: it does not know of the letters since. Return how many."""
    running = list(Automation.objects.running())
    for automation in running:
        pause(automation, by="a restore")
        Automation.objects.filter(pk=automation.pk).update(trouble=RESTORED)
    return len(running)


@transaction.atomic
def end(automation: Automation, *, by: User) -> None:
    """End it for good: nobody enters, and whoever is in it leaves. Letters that have not left yet do not leave."""
    sources = [State.RUNNING, State.PAUSED]
    move(automation, sources=sources, to=State.ENDED, action="ended", name="This automation", looks_at=None)
    waiting = Enrolment.objects.filter(automation=automation, state=Enrolment.State.WAITING)
    waiting.update(state=Enrolment.State.LEFT, reason=Enrolment.Reason.ENDED, ended_at=timezone.now())
    for edition in _editions(automation).filter(state__in=["sending", "paused"]):
        approval.cancel(edition)
    _look_at_welcome(automation)
    audit.record("ended an automation", automation, by=by)
    figures.count(automation)


def _look_at_welcome(automation: Automation) -> None:
    """The flags of the newsletter's own welcome mail, of which it has taken the place, or leaves it."""
    if automation.is_welcome:
        flags.look_at(welcome.NOUN, automation.newsletter_id)


def take_out(enrolment: Enrolment, *, by: User) -> bool:
    """Take one subscriber out of it; whether they were in it."""
    own = Enrolment.objects.filter(Q(state=Enrolment.State.WAITING), pk=enrolment.pk)
    changed = own.update(state=Enrolment.State.LEFT, reason=Enrolment.Reason.STAFF, ended_at=timezone.now())
    if changed:
        audit.record("took somebody out of an automation", enrolment.automation, by=by, detail=str(enrolment.pk))
    return bool(changed)


def _editions(automation: Automation) -> QuerySet[Briefing]:
    return Briefing.every.filter(automation=automation).exclude(state=Briefing.State.DRAFT)
