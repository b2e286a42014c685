"""Answering a whole survey at once: by one POST, as a poll is, or by a program."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from surveys.models import Ended, Sitting
from surveys.questionnaires import finishing, logic, responses, sittings
from surveys.questionnaires.access import Entry
from surveys.questionnaires.finishing import Finished
from surveys.questionnaires.kinds import AnswerRefused, kind_of
from surveys.questionnaires.page_forms import REQUIRED, PageForm
from surveys.questionnaires.questions import Definition
from surveys.questionnaires.repeats import Sending, is_again


class AnswersRefused(Exception):
    """A program's answers cannot be taken; `errors` says why, by question."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{key}: {words}" for key, words in errors.items()))


@transaction.atomic
def answer(entry: Entry, data: Mapping[str, Any], sending: Sending | None = None) -> Finished | PageForm:
    """Answer a survey of one page by one POST, as a poll is; the form where it was refused.

    Where nobody is known, what is sent again is not counted again.

    Raises NotOpen, TakenPart, LimitReached, PepperMissing.
    """
    responses.may_begin(entry)
    sitting = responses.new_sitting(entry)
    definition = sittings.definition_of(sitting)
    form = PageForm(definition, responses.first_page(definition), data=data)
    if not form.is_valid():
        return form
    if sending and entry.key is None and not entry.is_test and is_again(entry.survey, sending):
        way = logic.way(definition, form.answers)
        ended = Ended.EARLY if way.ended_early else Ended.COMPLETE
        return Finished(entry.survey, ended, way.message, way.kept, again=True)
    return _at_once(sitting, definition, form.answers)


@transaction.atomic
def submit(entry: Entry, answers: Any) -> Finished:
    """Take a program's answers, by question in their stored spelling, under the rules of the form.

    Raises AnswersRefused, NotOpen, TakenPart, LimitReached, PepperMissing.
    """
    responses.may_begin(entry)
    sitting = responses.new_sitting(entry)
    definition = sittings.definition_of(sitting)
    return _at_once(sitting, definition, read_answers(definition, answers))


def read_answers(definition: Definition, answers: Any) -> dict[str, Any]:
    """A program's answers, each in its one spelling; none to a question that is not put. Raises AnswersRefused."""
    if not isinstance(answers, dict):
        raise AnswersRefused({"": "Answers are given by the ids of their questions."})
    errors = {str(key)[:40]: "There is no such question." for key in list(answers) if key not in definition.questions}
    read = dict[str, Any]()
    for key, value in answers.items():
        if question := definition.questions.get(key):
            try:
                found = kind_of(question).read(question, value)
            except AnswerRefused as refused:
                errors[key] = str(refused)
                continue
            read |= {} if found is None else {key: found}
    way = logic.way(definition, read)
    if not errors:
        errors |= {key: "This question is not asked after the other answers." for key in read if key not in way.kept}
        wanted = [each for step in way.steps for each in step.questions if each.required and each.id not in way.kept]
        errors |= {question.id: REQUIRED for question in wanted}
    if errors:
        raise AnswersRefused(errors)
    return way.kept


def _at_once(sitting: Sitting, definition: Definition, answers: dict[str, Any]) -> Finished:
    way = logic.way(definition, answers)
    return finishing.end(sitting, definition, sittings.Progress(), way, is_new=not sitting.is_test)
