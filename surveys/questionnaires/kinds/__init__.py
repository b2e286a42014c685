"""The kinds of questions, in the order in which the builder offers them. docs/question-kinds.md says how to add one."""

from surveys.questionnaires.kinds.base import AnswerRefused, Figure, Kind, Setting, SettingRefused
from surveys.questionnaires.kinds.consent import Consent
from surveys.questionnaires.kinds.date import Day
from surveys.questionnaires.kinds.dropdown import Dropdown
from surveys.questionnaires.kinds.email import Email
from surveys.questionnaires.kinds.image_choice import ImageChoice
from surveys.questionnaires.kinds.long_text import LongText
from surveys.questionnaires.kinds.matrix import Matrix
from surveys.questionnaires.kinds.multiple import Multiple
from surveys.questionnaires.kinds.nps import NetPromoter
from surveys.questionnaires.kinds.number import Number
from surveys.questionnaires.kinds.ranking import Ranking
from surveys.questionnaires.kinds.rating import Rating
from surveys.questionnaires.kinds.scale import Scale
from surveys.questionnaires.kinds.short_text import ShortText
from surveys.questionnaires.kinds.single import Single
from surveys.questionnaires.kinds.statement import Statement
from surveys.questionnaires.kinds.yes_no import YesNo
from surveys.questionnaires.questions import Question

__all__ = ["KINDS", "AnswerRefused", "Figure", "Kind", "Setting", "SettingRefused", "kind_of"]

_ALL: list[Kind] = [
    Single(),
    Multiple(),
    Dropdown(),
    YesNo(),
    Scale(),
    Rating(),
    NetPromoter(),
    Matrix(),
    Ranking(),
    ImageChoice(),
    Number(),
    Day(),
    ShortText(),
    LongText(),
    Email(),
    Consent(),
    Statement(),
]
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}


def kind_of(question: Question) -> Kind:
    return KINDS[question.kind]
