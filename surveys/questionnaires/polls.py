"""Surveys of one question, answered where they are met: in an article, in a briefing by one click, in a frame elsewhere."""

from surveys.models import Source
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import OTHER, Definition, Question

BY_ONE_CLICK = frozenset(["single", "dropdown", "yes_no", "scale", "rating", "nps"])
MOST_LINKS = 12


def question_of(definition: Definition) -> Question | None:
    """The question of a poll; None where a survey asks more than one, or something after it."""
    asked = [each for each in definition.questions.values() if kind_of(each).takes_answers]
    return asked[0] if len(asked) == 1 and len(definition.pages) == 1 else None


def links(question: Question) -> list[tuple[str, str]]:
    """What one click can answer, as a form would send it, with its words; empty where it takes more than a click."""
    if question.kind not in BY_ONE_CLICK or question["other"]:
        return []
    offered = kind_of(question).options(question, Marks(), question.offered)
    found = [(str(each["value"]), each["text"]) for each in offered if str(each["value"]) not in ("", OTHER)]
    return found if len(found) <= MOST_LINKS else []


def source_of(via: str) -> Source:
    """What led somebody to a form that anybody may send, from what the form says."""
    return Source(via) if via in (Source.ARTICLE, Source.FRAME) else Source.PAGE
