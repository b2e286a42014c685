"""A number."""

import math
import re
from typing import Any

from core.lib import charts
from surveys.questionnaires.kinds.base import (
    EQUALITY,
    LARGEST,
    ORDER,
    RANGES,
    AnswerRefused,
    Figure,
    Kind,
    Setting,
    Spellings,
)
from surveys.questionnaires.kinds.measures import in_ranges, mean, median
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
    shape = RANGES
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

    def ranges(
        self, question: Question, spellings: Spellings, least: int, among: Spellings | None = None
    ) -> list[Figure]:
        numbers, every = sorted(spellings), None if among is None else sorted(among)
        edges = _edges(numbers if every is None else every, is_whole=not question["decimals"])

        def words(low: float | None, high: float | None) -> str:
            return _range_in_words(low, high, question)

        return in_ranges(numbers, edges, least, words, every)

    def measures(self, question: Question, spellings: Spellings) -> list[tuple[str, str]]:
        numbers, unit = list(spellings), charts.unit_text(question["unit"] or "")
        return [("Mean", mean(numbers) + unit), ("Median", median(numbers) + unit)]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return ["" if answer is None else answer]


def _bounds(question: Question) -> str:
    least, most = question["least"], question["most"]
    if least is None:
        return f"Enter a number of at most {most:,}." if most is not None else "This number is too large."
    return (
        f"Enter a number from {least:,} to {most:,}." if most is not None else f"Enter a number of at least {least:,}."
    )


def _edges(numbers: list[tuple[Any, int]], *, is_whole: bool) -> list[float]:
    """Round figures between those of nearly all, so that a single far one makes no range of its own."""
    values = [value for value, _ in numbers]
    if not values:
        return []
    low, high = values[len(values) // 40], values[-1 - len(values) // 40]
    halves = [charts.nice_scale(low, (low + high) / 2), charts.nice_scale((low + high) / 2, high)]
    edges = {float(edge) for half in halves for edge in half}
    return sorted({float(math.ceil(edge)) for edge in edges} if is_whole else edges)


def _range_in_words(low: float | None, high: float | None, question: Question) -> str:
    """“under 20 years”, “20 to 29 years”, “60 years and more”."""
    unit, step = charts.unit_text(question["unit"] or ""), 0 if question["decimals"] else 1
    if low is None:
        return f"under {charts.number_text(high)}{unit}" if high is not None else "any"
    if high is None:
        return f"{charts.number_text(low)}{unit} and more"
    if step and high - low == 1:
        return f"{charts.number_text(low)}{unit}"
    to = charts.number_text(high - step) if step else f"under {charts.number_text(high)}"
    return f"{charts.number_text(low)} to {to}{unit}"
