"""An e-mail address."""

from typing import Any

from django.core.exceptions import ValidationError

from newsletter.subscribers.addresses import parse_address
from surveys.questionnaires.kinds.base import ONE_ONLY, AnswerRefused, Kind, line
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question

ADDRESS_LENGTH = 254


class Email(Kind):
    """Stored as an address that can be written to. It says who answered: the form says so."""

    name, label = "email", "E-mail address"
    about = "It says who answered, so ask for it only where you need it."
    is_text = True
    is_personal = True
    operators = ()
    is_group = False

    def clean(self, question: Question, marks: Marks) -> Any:
        if len(marks.values) > 1:
            raise AnswerRefused(ONE_ONLY)
        typed = line(marks.value, ADDRESS_LENGTH)
        if not typed:
            return None
        try:
            return parse_address(typed).email
        except ValidationError as refused:
            raise AnswerRefused(" ".join(refused.messages)) from None
