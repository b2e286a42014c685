"""One of several, as buttons."""

from typing import Any, ClassVar

from surveys.questionnaires.kinds.base import (
    PARTS,
    AnswerRefused,
    Figure,
    Kind,
    Setting,
    Spellings,
    counted,
    own_text,
    summed,
)
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import OTHER, Question

OWN_TEXT = 200
OTHER_SETTING = Setting("other", "Offers “other”, with a text", kind="yes", default=False)


class Single(Kind):
    """Stored as the choice's id; a text of one's own as {"other": text}."""

    name, label = "single", "Single choice"
    about = "One of several answers, all in sight."
    settings: ClassVar[tuple[Setting, ...]] = (OTHER_SETTING,)
    takes_choices = True
    shape = PARTS

    def _is_known(self, question: Question, value: Any) -> bool:
        return isinstance(value, str) and (
            value in question.texts or (value == OTHER and bool(question.settings.get("other")))
        )

    def clean(self, question: Question, marks: Marks) -> Any:
        if len(set(marks.values)) > 1:
            raise AnswerRefused("Choose one answer only.")
        text = own_text(marks, most=OWN_TEXT) if question.settings.get("other") else ""
        chosen = marks.value or (OTHER if text else "")
        if chosen == OTHER and question.settings.get("other"):
            return {OTHER: text}
        if chosen and chosen not in [each.id for each in question.offered]:
            raise AnswerRefused("Choose one of the answers offered.")
        return chosen or None

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if isinstance(answer, dict) and set(answer) == {OTHER} and isinstance(answer[OTHER], str):
            return Marks([OTHER], {OTHER: [answer[OTHER]]} if answer[OTHER] else {})
        if not isinstance(answer, str):
            raise AnswerRefused("Choose one of the answers offered.")
        return Marks([answer] if answer else [])

    def comparable(self, answer: Any) -> Any:
        return OTHER if isinstance(answer, dict) else answer

    def words(self, question: Question, answer: Any) -> str:
        return words_of(question, answer)

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        numbers = summed((self.comparable(answer), number) for answer, number in spellings)
        return counted(question, numbers, other=bool(question.settings.get("other")))

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: {} if key == OTHER and question.settings.get("other") else key}]

    def columns(self, question: Question) -> list[tuple[str, str]]:
        own = [(f"{question.id}.other", f"{question.text} (other)")] if question.settings.get("other") else []
        return [(question.id, question.text), *own]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        chosen = "" if answer is None else self.comparable(answer)
        return [
            chosen,
            *([answer[OTHER] if isinstance(answer, dict) else ""] if question.settings.get("other") else []),
        ]

    def codes(self, question: Question) -> list[tuple[str, str]]:
        return [*super().codes(question), *([(OTHER, "Other")] if question.settings.get("other") else [])]


def words_of(question: Question, answer: Any) -> str:
    """A choice in words; what was written in its own."""
    if isinstance(answer, dict):
        return answer.get(OTHER) or "Other"
    return question.texts.get(answer, answer)
