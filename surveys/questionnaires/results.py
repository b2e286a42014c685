"""What came of a survey: one function for its page, the desk, the articles' block and the API."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from surveys.models import Survey
from surveys.questionnaires.kinds import Figure
from surveys.questionnaires.questions import Question


@dataclass(frozen=True, slots=True)
class Filter:
    """Which responses are counted: by answers (as conditions are written), days and sources."""

    answers: Any = None
    since: date | None = None
    until: date | None = None
    sources: Sequence[str] = ()


@dataclass(frozen=True)
class QuestionResult:
    """What came of one question. `shown` were asked it, `answered` of them answered; figures are None where too few did."""

    question: Question
    shown: int
    answered: int
    figures: list[Figure] | None


@dataclass(frozen=True)
class Results:
    survey: Survey
    responses: int
    partial: int
    screened: int
    questions: list[QuestionResult] = field(default_factory=list)


def results(survey: Survey, *, filters: Filter | None = None, staff: bool) -> Results:
    """Count a survey's responses. For others than staff: published questions only, and no cell with fewer than `min_cell`."""
    raise NotImplementedError
