"""Yes or no."""

from typing import Any

from surveys.questionnaires.kinds.base import PARTS, AnswerRefused, Figure, Kind, Setting, Spellings
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question

WORDS = {"yes": True, "no": False}


class YesNo(Kind):
    """Stored as true or false."""

    name, label = "yes_no", "Yes or no"
    shape = PARTS
    settings = (
        Setting("yes", "Words for “yes”", kind="text", default="Yes", most=60, fixed=True),
        Setting("no", "Words for “no”", kind="text", default="No", most=60, fixed=True),
    )

    def _is_known(self, question: Question, value: Any) -> bool:
        return isinstance(value, bool)

    def clean(self, question: Question, marks: Marks) -> Any:
        if not marks.values:
            return None
        if len(set(marks.values)) > 1 or marks.value not in WORDS:
            raise AnswerRefused(f"Answer with “{question['yes']}” or “{question['no']}”.")
        return WORDS[marks.value]

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if not isinstance(answer, bool):
            raise AnswerRefused("This is answered with true or false.")
        return Marks(["yes" if answer else "no"])

    def words(self, question: Question, answer: Any) -> str:
        return str(question["yes" if answer else "no"])

    def options(self, question: Question, marks: Marks, order: Any) -> list[dict[str, Any]]:
        return [{"value": key, "text": question[key], "checked": marks.value == key} for key in WORDS]

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        numbers = {True: 0, False: 0}
        for answer, number in spellings:
            numbers[bool(answer)] += number
        return [Figure(key, question[key], numbers[value]) for key, value in WORDS.items()]

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: WORDS[key]}]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return ["" if answer is None else "yes" if answer else "no"]

    def codes(self, question: Question) -> list[tuple[str, str]]:
        return [(key, question[key]) for key in WORDS]
