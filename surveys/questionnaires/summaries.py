"""The page of all that somebody answered, with the button that sends it.

It is rendered once for all who were asked the same, and what they answered is filled in.
"""

from functools import cache
from typing import NamedTuple

from django.shortcuts import render
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.safestring import SafeString

from core.lib.forms import personal
from core.lib.gateway import Ready
from core.lib.prepared_answers import Prepared, mark, prepare
from core.pagecache import per_generation
from surveys.models import Sitting, Survey
from surveys.questionnaires import logic, piping, sittings
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import Definition, Question

LATER = mark()  # the address to which somebody goes who answers later
NO_ANSWER = SafeString('<span class="answering__none">No answer</span>')


class _Step(NamedTuple):
    """A page of a survey as it is shown with its answers: the mark of its address, and each question's text with its answer's mark."""

    title: str
    address: str
    answers: tuple[tuple[str, str], ...]


def asks_who(definition: Definition) -> bool:
    """Whether a survey asks what may say who somebody is."""
    return any(kind_of(question).is_personal for question in definition.questions.values())


def summary(sitting: Sitting, way: logic.Way, *, secure: bool) -> Ready | None:
    """All that was answered, with the button that sends it; None where the middleware has its own answer."""
    definition = sittings.definition_of(sitting)
    steps, values = list[_Step](), {LATER: sittings.address("survey-later", sitting)}
    for step in way.steps:
        answers = list[tuple[str, str]]()
        for question in step.questions:
            if not kind_of(question).takes_answers:
                continue
            text, words = question.text, _mark_of(f"answer {question.id}")
            if "{{" in text:  # it has answers in it, and those are not kept
                text = _mark_of(f"text {question.id}")
                values[text] = piping.filled(question.text, way.kept, definition)
            values[words] = _words(question, way)
            answers.append((text, words))
        address = _mark_of(f"page {step.page.id}")
        values[address] = sittings.address("survey-page", sitting, step.page.id)
        steps.append(_Step(step.page.title, address, tuple(answers)))
    page = _page(sitting.survey, sitting.is_test, asks_who(definition), tuple(steps), secure)
    return page.filled(values) if page else None


def _words(question: Question, way: logic.Way) -> str:
    answer = way.kept.get(question.id)
    words = "" if answer is None else kind_of(question).words(question, answer)
    return linebreaksbr(words) if "\n" in words else words or NO_ANSWER


@per_generation
def _page(survey: Survey, is_test: bool, asks_who: bool, steps: tuple[_Step, ...], secure: bool) -> Prepared | None:
    context = {"survey": survey, "is_test": is_test, "asks_who": asks_who, "steps": steps, "later": LATER}
    return prepare(
        reverse("surveys:survey-index"),
        lambda request: personal(render(request, "surveys/questionnaire/summary.html", context)),
        secure=secure,
    )


@cache
def _mark_of(what: str) -> str:
    """What stands in pages for an answer, a text with answers, or the address of a page."""
    return mark()
