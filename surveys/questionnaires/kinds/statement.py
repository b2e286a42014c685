"""Words between questions, which ask nothing."""

from typing import Any

from surveys.questionnaires.kinds.base import Figure, Kind, Spellings
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question


class Statement(Kind):
    """Has no answer."""

    name, label = "statement", "Statement"
    about = "Words or a picture between questions."
    takes_answers = False
    operators = ()

    def clean(self, question: Question, marks: Marks) -> Any:
        return None

    def marks_of(self, question: Question, answer: Any) -> Marks:
        return Marks()

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        return []

    def columns(self, question: Question) -> list[tuple[str, str]]:
        return []

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return []
