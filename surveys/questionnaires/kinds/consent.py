"""Agreeing to something."""

from typing import Any

from surveys.questionnaires.kinds.base import SEVERAL, AnswerRefused, Figure, Kind, Setting, Spellings
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question


class Consent(Kind):
    """Stored as true; who does not agree has no answer."""

    name, label = "consent", "Consent"
    about = "A box to tick; where it is required, nobody goes on without."
    settings = (Setting("agree", "Words beside the box", kind="text", default="I agree", most=300, fixed=True),)
    operators = ("is",)
    shape = SEVERAL
    of_shown = True

    def _is_known(self, question: Question, value: Any) -> bool:
        return value is True

    def clean(self, question: Question, marks: Marks) -> Any:
        if not marks.values:
            return None
        if marks.values != ["yes"]:
            raise AnswerRefused("Tick the box, or leave it empty.")
        return True

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if not isinstance(answer, bool):
            raise AnswerRefused("This is answered with true.")
        return Marks(["yes"] if answer else [])

    def words(self, question: Question, answer: Any) -> str:
        return str(question["agree"])

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        return [Figure("yes", question["agree"], sum(number for _, number in spellings))]

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: True}]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return ["yes" if answer else ""]

    def codes(self, question: Question) -> list[tuple[str, str]]:
        return [("yes", question["agree"])]
