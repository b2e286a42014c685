"""How a survey moves on: opened, closed, put away. Who may do it is decided where it is asked for."""

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from core import audit, pagecache
from core.lib import batches
from core.transitions import TransitionRefused, lock, move
from surveys import keys
from surveys.models import Survey
from surveys.questionnaires import flow, versions
from surveys.questionnaires.definition import DefinitionRefused, Problem

State = Survey.State


def not_ready(survey: Survey) -> list[Problem]:
    """What is missing before a survey can open."""
    try:
        definition = versions.working(survey)
    except DefinitionRefused as refused:
        return refused.problems
    problems = flow.problems(definition)
    if Survey.objects.filter(pk=survey.pk, closes_at__lte=Now()).exists():
        problems.append(Problem("", "The time at which it closes is past."))
    return problems


@transaction.atomic
def open_survey(survey: Survey, *, by: object = None) -> None:
    """Take answers from `opens_at` on, or from now. Raises TransitionRefused, in all the words of `not_ready`."""
    lock(survey)
    if problems := not_ready(survey):
        raise TransitionRefused(" ".join(map(str, problems)))
    move(survey, sources=[State.DRAFT], to=State.OPEN, action="opened", name=f"“{survey}”")
    keys.make_pepper(survey)
    versions.make(survey, versions.working(survey))
    pagecache.bump()
    audit.record("opened the survey", survey, by=by)


@transaction.atomic
def close(survey: Survey, *, by: object = None) -> None:
    """Take no more answers; the worker counts what waits. It is by nobody where the survey's time has come."""
    move(survey, sources=[State.OPEN], to=State.CLOSED, action="closed", name=f"“{survey}”", closed_at=Now())
    pagecache.bump()
    audit.record("closed the survey", survey, by=by)


@transaction.atomic
def archive(survey: Survey, *, by: object = None) -> None:
    """Put a closed survey away. Its page and what was published of its results stay."""
    move(survey, sources=[State.CLOSED], to=State.ARCHIVED, action="archived", name=f"“{survey}”", archived_at=Now())
    pagecache.bump()
    audit.record("archived the survey", survey, by=by)


def turn_phases() -> None:
    """Do what the clock asks for: show surveys that have opened, close those past their time or with enough answers."""
    batches.each(Survey.objects.due_to_open(), _show_open)
    full = Survey.objects.filter(
        state=State.OPEN, response_counts__limited="", response_counts__number__gte=F("max_responses")
    )
    batches.each([*Survey.objects.due_to_close(), *full], _close_in_time)


@transaction.atomic
def _show_open(survey: Survey) -> None:
    Survey.objects.filter(pk=survey.pk).due_to_open().update(opened_at=Now())
    pagecache.bump()


def _close_in_time(survey: Survey) -> None:
    try:
        close(survey)
    except TransitionRefused:
        pass  # somebody closed it meanwhile
