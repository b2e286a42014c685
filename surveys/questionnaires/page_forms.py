"""The form of one page of a survey: what its questions show, and what was sent made into answers, each with its error."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from surveys.questionnaires import logic, piping
from surveys.questionnaires.definition import condition_of
from surveys.questionnaires.kinds import AnswerRefused, Kind, kind_of
from surveys.questionnaires.kinds.scale import Scale
from surveys.questionnaires.marks import Marks, marks_in, name_of_field
from surveys.questionnaires.questions import Choice, Condition, Definition, Group, Page, Question, tests_in

REQUIRED = "Please answer this question."
AGREE = "Please tick the box to go on."


class PageForm:
    """One page, as it is shown to somebody who gave these `answers` before, and what they send in `data`.

    `typed` are the marks of what was typed before and could not be an answer. Nothing is asked of questions that the
    answers before them leave out, and what is sent for these is dropped; what is sent for questions of other pages is
    refused. `seed` says how shuffled choices are shuffled. Ids of elements begin with `prefix`, where a page has several forms.
    """

    def __init__(
        self,
        definition: Definition,
        page: Page,
        *,
        answers: Mapping[str, Any] | None = None,
        typed: Mapping[str, Marks] | None = None,
        data: Mapping[str, Any] | None = None,
        seed: object = "",
        prefix: str = "",
    ) -> None:
        self.definition, self.page, self.seed, self.data, self.prefix = definition, page, seed, data, prefix
        own = {question.id for question in page.questions}
        before = dict(answers or {})
        self.before = {key: answer for key, answer in before.items() if key not in own}
        self.stored = {key: answer for key, answer in before.items() if key in own}
        self.typed = dict(typed or {})
        self.answers: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self.page_errors: list[str] = []
        if data is not None:
            self._read(data)

    @property
    def is_bound(self) -> bool:
        return self.data is not None

    def is_valid(self) -> bool:
        return self.is_bound and not self.errors and not self.page_errors

    def _read(self, data: Mapping[str, Any]) -> None:
        own = {question.id for question in self.page.questions}
        sent = marks_in(data)
        if not sent.keys() <= own:
            self.page_errors.append(
                "Something was sent that answers no question of this page, so nothing was saved. Send the page again."
            )
        self.sent = {key: sent.get(key) or Marks() for key in own}
        for question in self.page.questions:
            kind = kind_of(question)
            if not logic.is_met(question.condition, self.before | self.answers, self.definition):
                continue
            try:
                answer = kind.clean(question, self.sent[question.id])
            except AnswerRefused as refused:
                self.errors[question.id] = str(refused)
                continue
            if answer is not None:
                self.answers[question.id] = answer
            elif question.required and kind.takes_answers:
                self.errors[question.id] = AGREE if question.kind == "consent" else REQUIRED

    @property
    def marks(self) -> dict[str, Marks]:
        """What stands in the fields, of all questions."""
        if self.data is not None:
            return self.sent
        return {question.id: self._marks_of(question) for question in self.page.questions}

    def _marks_of(self, question: Question) -> Marks:
        if question.id in self.typed:
            return self.typed[question.id]
        answer = self.stored.get(question.id)
        return Marks() if answer is None else kind_of(question).marks_of(question, answer)

    @property
    def title(self) -> str:
        return self._text(self.page.title)

    @property
    def groups(self) -> list[dict[str, Any]]:
        """What the template draws: each question that may be put on this page."""
        marks = self.marks
        return [
            self._group(question, marks[question.id]) for question in self.page.questions if self._may_show(question)
        ]

    def _may_show(self, question: Question) -> bool:
        """Without scripts, a question that depends on another of this page is always there."""
        own = {each.id for each in self.page.questions}
        if any(test.question in own for test in tests_in(question.condition)):
            return True
        return logic.is_met(question.condition, self.before, self.definition)

    def _group(self, question: Question, marks: Marks) -> dict[str, Any]:
        kind = kind_of(question)
        own = {each.id for each in self.page.questions}
        depends = any(test.question in own for test in tests_in(question.condition))
        return {
            "question": question,
            "kind": kind,
            "name": name_of_field(question.id),
            "id": self._id(question),
            "text": self._text(question.text),
            "help": self._text(question.help),
            "marks": marks,
            "options": kind.options(question, marks, self._order(question, kind)),
            "other": marks.part("other"),
            "error": self.errors.get(question.id, ""),
            "depends": depends,
            "condition": json.dumps(self._condition(question.condition)) if depends else "",
            "described_by": self._described_by(question, kind),
        }

    def _id(self, question: Question) -> str:
        return self.prefix + name_of_field(question.id)

    def _described_by(self, question: Question, kind: Kind) -> str:
        """The ids of what is said about a question besides its text."""
        name = self._id(question)
        parts = {"help": question.help, "error": self.errors.get(question.id)}
        if isinstance(kind, Scale):
            parts["ends"] = question.settings.get("left") or question.settings.get("right")
        return " ".join(f"{name}-{part}" for part, words in parts.items() if words)

    def _condition(self, condition: Condition | None) -> dict[str, Any]:
        """A condition for the browser, with what earlier pages decided."""
        own = {question.id for question in self.page.questions}
        if isinstance(condition, Group):
            return {"any" if condition.any else "all": [self._condition(each) for each in condition.conditions]}
        if condition is None or condition.question not in own:
            return {"met": logic.is_met(condition, self.before, self.definition)}
        return condition_of(condition) or {}

    def _order(self, question: Question, kind: Kind) -> list[Choice]:
        offered = [
            Choice(each.id, self._text(each.text), each.image) if "{{" in each.text else each
            for each in question.offered
        ]
        if question.shuffle:
            Random(f"{self.seed} {question.id}").shuffle(offered)
        return offered

    def _text(self, text: str) -> str:
        return piping.filled(text, self.before, self.definition)
