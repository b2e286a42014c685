"""A date."""

from datetime import date, timedelta
from typing import Any

from surveys.questionnaires.kinds.base import EQUALITY, ORDER, RANGES, AnswerRefused, Figure, Kind, Setting, Spellings
from surveys.questionnaires.kinds.measures import in_ranges
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question

MOST_MONTHS = 18


class Day(Kind):
    """Stored as 2026-05-31."""

    name, label = "date", "Date"
    settings = (Setting("earliest", "Earliest", kind="date"), Setting("latest", "Latest", kind="date"))
    operators = (*EQUALITY, *ORDER)
    shape = RANGES
    is_group = False

    def problems(self, question: Question) -> Any:
        if question["earliest"] and question["latest"] and question["earliest"] > question["latest"]:
            yield "The earliest date is after the latest."

    def _is_known(self, question: Question, value: Any) -> bool:
        return isinstance(value, str) and _date_in(value) is not None

    def clean(self, question: Question, marks: Marks) -> Any:
        text = marks.value.strip()
        if not text and len(marks.values) < 2:
            return None
        found = _date_in(text) if len(set(marks.values)) == 1 else None
        if found is None:
            raise AnswerRefused("Enter a date as year, month and day, such as 2026-05-31.")
        day = found.isoformat()
        if (question["earliest"] or day) > day:
            raise AnswerRefused(f"Enter a date from {question['earliest']} on.")
        if (question["latest"] or day) < day:
            raise AnswerRefused(f"Enter a date up to {question['latest']}.")
        return day

    def words(self, question: Question, answer: Any) -> str:
        found = _date_in(answer)
        return f"{found.day} {found:%B %Y}" if found else str(answer)

    def ranges(
        self, question: Question, spellings: Spellings, least: int, among: Spellings | None = None
    ) -> list[Figure]:
        days, every = sorted(spellings), None if among is None else sorted(among)
        months = sorted({day[:7] for day, _ in every or days})
        years = sorted({day[:4] for day, _ in every or days})
        edges = (
            [f"{month}-01" for month in months] if len(months) <= MOST_MONTHS else [f"{year}-01-01" for year in years]
        )
        return in_ranges(days, edges, least, _range_in_words, every)

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return [answer or ""]


def _date_in(text: str) -> date | None:
    if len(text) != 10 or not text.isascii():
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _range_in_words(low: str | None, high: str | None) -> str:
    """“before May 2024”, “May 2024 to April 2025”, “2024”, “May 2025 and later”; in months, or in years."""
    if low and high and low.endswith("-01-01") and high.endswith("-01-01"):
        first, last = int(low[:4]), int(high[:4]) - 1
        return str(first) if first == last else f"{first} to {last}"
    if low is None:
        return f"before {date.fromisoformat(high):%B %Y}" if high else "any"
    begins = f"{date.fromisoformat(low):%B %Y}"
    if high is None:
        return f"{begins} and later"
    ends = f"{date.fromisoformat(high) - timedelta(days=1):%B %Y}"
    return begins if begins == ends else f"{begins} to {ends}"
