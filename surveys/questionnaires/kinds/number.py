"""A number."""

import math
import re
from typing import Any

from surveys.questionnaires.kinds.base import EQUALITY, LARGEST, ORDER, AnswerRefused, Kind, Setting
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question

NUMBER = re.compile(r"[+\-−]?\d{1,13}(?:[.,]\d{1,10})?", re.ASCII)


class Number(Kind):
    """Stored as a number, whole where it can be."""

    name, label = "number", "Number"
    settings = (
        Setting("least", "Smallest number"),
        Setting("most", "Largest number"),
        Setting("decimals", "Decimals", default=0, least=0, most=6),
        Setting("unit", "Unit", kind="text", most=20, fixed=True),
    )
    operators = (*EQUALITY, *ORDER)
    is_group = False

    def problems(self, question: Question) -> Any:
        least, most = question["least"], question["most"]
        if least is not None and most is not None and least > most:
            yield "The smallest number is larger than the largest."

    def _is_known(self, question: Question, value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

    def clean(self, question: Question, marks: Marks) -> Any:
        text = marks.value.strip().replace(" ", "").replace("\u202f", "")
        if not text and len(marks.values) < 2:
            return None
        if len(set(marks.values)) > 1 or not NUMBER.fullmatch(text):
            raise AnswerRefused(
                "Enter a number, such as 12." if not question["decimals"] else "Enter a number, such as 12.5."
            )
        number = float(text.replace(",", ".").replace("−", "-"))
        if round(number, question["decimals"]) != number:
            raise AnswerRefused(f"Enter a number with {question['decimals'] or 'no'} decimals.")
        least = -LARGEST if question["least"] is None else question["least"]
        most = LARGEST if question["most"] is None else question["most"]
        if not least <= number <= most:
            raise AnswerRefused(_bounds(question))
        return int(number) if number.is_integer() else number

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if not self._is_known(question, answer) or abs(answer) > LARGEST:
            raise AnswerRefused("This is answered with a number.")
        return Marks([f"{answer:.6f}".rstrip("0").rstrip(".") if isinstance(answer, float) else str(answer)])

    def words(self, question: Question, answer: Any) -> str:
        return f"{answer:,} {question['unit']}" if question["unit"] else f"{answer:,}"

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return ["" if answer is None else answer]


def _bounds(question: Question) -> str:
    least, most = question["least"], question["most"]
    if least is None:
        return f"Enter a number of at most {most:,}." if most is not None else "This number is too large."
    return (
        f"Enter a number from {least:,} to {most:,}." if most is not None else f"Enter a number of at least {least:,}."
    )
