"""The demo newsroom's survey of its readers, and a poll in an article: both open, with answers to look at."""

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from django.utils import timezone

from cms.demo import content
from cms.demo.pieces import Piece
from surveys.models import Source, Survey
from surveys.questionnaires import access, at_once, logic, phases, publishing, settling, versions
from surveys.questionnaires.questions import OTHER, Definition, Question

NUMBERS = {"scale": (1, 5), "rating": (3, 5), "nps": (4, 10), "number": (0, 60)}
WORDS = ["More about fees", "A glossary", "Nothing", "Longer tables", "More diagrams"]
LEFT_OUT = 0.15  # of the questions that need no answer


def pieces() -> Iterator[Piece]:
    """One piece for each survey."""
    for entry in content.read("surveys")["surveys"]:
        yield f"survey {entry['slug']}", partial(_make, entry)


def _make(entry: dict[str, Any]) -> None:
    if Survey.objects.filter(slug=entry["slug"]).exists():
        return
    texts = {name: entry[name] for name in ("slug", "title", "introduction", "thanks", "access")}
    closes_at = content.days_before(timezone.now(), -entry["closes_in_days"])
    survey = Survey.objects.create(closes_at=closes_at, is_listed=entry.get("is_listed", True), **texts)
    definition = versions.save(survey, entry["definition"])
    phases.open_survey(survey)
    chance = Random(entry["slug"])
    for _ in range(entry["answers"]):
        at_once.submit(
            access.Entry(survey, chance.choice([Source.PAGE, Source.BRIEFING])), _answers(definition, chance)
        )
    settling.settle(survey)
    publishing.publish(survey, entry["published"], by=None)
    if "quoted" in entry:
        publishing.quote(survey, entry["quoted"], entry["quoted_consent"], by=None)


def _answers(definition: Definition, chance: Random) -> dict[str, Any]:
    """Answers that somebody could give, to the questions that are put to them."""
    answers: dict[str, Any] = {}
    for question in definition.questions.values():
        if question.required or chance.random() > LEFT_OUT:
            answers[question.id] = _answer(question, chance)
    kept = logic.way(definition, answers).kept
    return {key: answer for key, answer in kept.items() if answer is not None}


def _answer(question: Question, chance: Random) -> Any:
    ids = [choice.id for choice in question.offered]
    match question.kind:
        case "single" | "dropdown":
            other = question.settings.get("other") and chance.random() < 0.05
            return {OTHER: chance.choice(WORDS)} if other else chance.choices(ids, range(len(ids), 0, -1))[0]
        case "multiple":
            return [key for key in ids if chance.random() < 0.5] or ids[:1]
        case "matrix":
            return {row.id: chance.choices(ids, range(len(ids), 0, -1))[0] for row in question["rows"]}
        case "ranking":
            return chance.sample(ids, min(len(ids), question["most"] or len(ids)))
        case "yes_no":
            return chance.random() < 0.7
        case "consent":
            return True
        case "date":
            return f"20{chance.randint(13, 25)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}"
        case "short_text" | "long_text":
            return chance.choice(WORDS)
        case kind if kind in NUMBERS:
            return chance.randint(*NUMBERS[kind])
    return None
