"""Several lines of one's own words."""

from typing import Any

from surveys.questionnaires.kinds.base import ONE_ONLY, AnswerRefused, Kind, Setting, lines
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question


class LongText(Kind):
    """Stored as cleaned lines."""

    name, label = "long_text", "Long text"
    settings = (Setting("most", "Characters at most", default=2000, least=1, most=10_000),)
    is_text = True
    operators = ()
    is_group = False

    def clean(self, question: Question, marks: Marks) -> Any:
        if len(marks.values) > 1:
            raise AnswerRefused(ONE_ONLY)
        return lines(marks.value, question["most"]) or None
