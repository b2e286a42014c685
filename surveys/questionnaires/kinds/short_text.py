"""A line of one's own words."""

from typing import Any

from surveys.questionnaires.kinds.base import ONE_ONLY, AnswerRefused, Kind, Setting, line
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question


class ShortText(Kind):
    """Stored as one cleaned line."""

    name, label = "short_text", "Short text"
    settings = (
        Setting("most", "Characters at most", default=200, least=1, most=500),
        Setting("placeholder", "Example in the field", kind="text", most=100),
    )
    is_text = True
    operators = ()
    is_group = False

    def clean(self, question: Question, marks: Marks) -> Any:
        if len(marks.values) > 1:
            raise AnswerRefused(ONE_ONLY)
        return line(marks.value, question["most"]) or None
