"""What follows from answers: which questions are put, which page comes next, how it ends. Pure functions; the server's word.

A test of a question that was not answered, or not put, is not met, unless it asks for just that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import END, Condition, Definition, Page, Question, Quota, Test

Answers = Mapping[str, Any]
UNANSWERED_MEETS = ("is_not", "has_not")


@dataclass(frozen=True, slots=True)
class Step:
    """A page on somebody's way, with the questions that are put there."""

    page: Page
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Way:
    """The pages that answers lead through. `kept` are the answers to questions on it; no other is ever stored."""

    steps: tuple[Step, ...]
    kept: dict[str, Any] = field(default_factory=dict)
    ended_early: bool = False
    message: str = ""
    waits_at: str = ""  # the page that is to be answered next; "" at the end

    @property
    def shown(self) -> list[str]:
        """The questions on it that take an answer."""
        return [each.id for step in self.steps for each in step.questions if kind_of(each).takes_answers]

    @property
    def pages(self) -> list[str]:
        return [step.page.id for step in self.steps]


def is_met(condition: Condition | None, answers: Answers, definition: Definition) -> bool:
    """Whether answers meet a condition; no condition is met always."""
    if condition is None:
        return True
    if isinstance(condition, Test):
        return _holds(condition, answers, definition)
    met = (is_met(each, answers, definition) for each in condition.conditions)
    return any(met) if condition.any else all(met)


def _holds(test: Test, answers: Answers, definition: Definition) -> bool:
    question, answer = definition.questions.get(test.question), answers.get(test.question)
    if test.operator == "answered":
        return (answer is not None) == test.value
    if question is None or answer is None:
        return test.operator in UNANSWERED_MEETS
    return kind_of(question).compare(question, answer, test)


def way(definition: Definition, answers: Answers, *, passed: Mapping[str, list[str]] | None = None) -> Way:
    """The pages that answers lead through, to the end; or to the first that was not `passed` with the same questions.

    Answers to questions that are not put on it are left out, so that nothing follows from them.
    """
    kept: dict[str, Any] = {}
    steps, place = list[Step](), 0
    while place < len(definition.pages):
        page = definition.pages[place]
        shown = tuple(_shown(page, answers, kept, definition)) if is_met(page.condition, kept, definition) else ()
        if shown:
            steps.append(Step(page, shown))
            if passed is not None and passed.get(page.id) != [question.id for question in shown]:
                return Way(tuple(steps), kept, waits_at=page.id)
            for rule in page.then:
                if is_met(rule.condition, kept, definition):
                    if rule.go == END:
                        return Way(tuple(steps), kept, ended_early=True, message=rule.message)
                    place = max(place, definition.places.get(rule.go, 0) - 1)  # never back
                    break
        place += 1
    return Way(tuple(steps), kept)


def _shown(page: Page, answers: Answers, kept: dict[str, Any], definition: Definition) -> Iterator[Question]:
    """The questions of a page that are put, each after the answers before it; their answers are kept."""
    for question in page.questions:
        if is_met(question.condition, kept, definition):
            if answers.get(question.id) is not None:
                kept[question.id] = answers[question.id]
            yield question


def met_quotas(definition: Definition, answers: Answers) -> list[Quota]:
    """The quotas that answers count towards."""
    return [quota for quota in definition.quotas if is_met(quota.condition, answers, definition)]
