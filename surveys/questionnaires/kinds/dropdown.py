"""One of many, in a list that opens."""

from typing import Any

from surveys.questionnaires.kinds.base import Kind
from surveys.questionnaires.kinds.single import Single
from surveys.questionnaires.questions import Question


class Dropdown(Single):
    """Stored as the choice's id."""

    name, label = "dropdown", "Dropdown"
    about = "One of many answers, such as a country."
    settings = ()
    is_group = False

    def _is_known(self, question: Question, value: Any) -> bool:
        return Kind._is_known(self, question, value)
