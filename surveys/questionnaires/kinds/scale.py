"""A point on a scale: steps with words at both ends, stars, or the ten of the Net Promoter Score."""

from typing import Any, ClassVar

from core.lib.text import whole_number
from surveys.questionnaires.kinds.base import EQUALITY, ORDER, PARTS, AnswerRefused, Figure, Kind, Setting, Spellings
from surveys.questionnaires.kinds.measures import mean, median
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question

ENDS = (
    Setting("left", "Words at the low end", kind="text", most=60, fixed=True),
    Setting("right", "Words at the high end", kind="text", most=60, fixed=True),
)


class Scale(Kind):
    """Stored as a whole number."""

    name, label = "scale", "Scale"
    about = "Steps from one end to the other, such as from “never” to “daily”."
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("first", "First step", default=1, least=0, most=1, fixed=True),
        Setting("last", "Last step", default=5, least=2, most=10, fixed=True),
        *ENDS,
    )
    operators = (*EQUALITY, *ORDER)
    shape = PARTS

    def bounds(self, question: Question) -> tuple[int, int]:
        return question["first"], question["last"]

    def _is_known(self, question: Question, value: Any) -> bool:
        first, last = self.bounds(question)
        return isinstance(value, int) and not isinstance(value, bool) and first <= value <= last

    def clean(self, question: Question, marks: Marks) -> Any:
        if not marks.values:
            return None
        first, last = self.bounds(question)
        number = whole_number(marks.value) if len(set(marks.values)) == 1 else None
        if number is None or not first <= number <= last:
            raise AnswerRefused(f"Choose a number from {first} to {last}.")
        return number

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if isinstance(answer, bool) or not isinstance(answer, int) or abs(answer) > 10**6:
            raise AnswerRefused("This is answered with a whole number.")
        return Marks([str(answer)])

    def options(self, question: Question, marks: Marks, order: Any) -> list[dict[str, Any]]:
        first, last = self.bounds(question)
        return [
            {"value": step, "text": str(step), "checked": marks.value == str(step)} for step in range(first, last + 1)
        ]

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        first, last = self.bounds(question)
        numbers = dict.fromkeys(range(first, last + 1), 0)
        for answer, number in spellings:
            numbers[answer] = numbers.get(answer, 0) + number
        return [Figure(str(step), str(step), numbers[step]) for step in sorted(numbers)]

    def measures(self, question: Question, spellings: Spellings) -> list[tuple[str, str]]:
        numbers = list(spellings)
        return [("Mean", mean(numbers)), ("Median", median(numbers))]

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: int(key)}]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return ["" if answer is None else answer]

    def codes(self, question: Question) -> list[tuple[str, str]]:
        first, last = self.bounds(question)
        words = {first: question.settings.get("left"), last: question.settings.get("right")}
        return [(str(step), words.get(step) or str(step)) for step in range(first, last + 1)]
