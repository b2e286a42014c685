"""Counts of responses, made by the database: of each answer as it is stored, of who was asked what, of two answers together."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTransform

from surveys.models import AnswerTag, Response
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import OTHER, Definition

Rows = QuerySet[Response]
Spelt = Sequence[tuple[Any, int]]  # stored answers, each with how many gave it

_ANSWERS = """
    SELECT given.key, CASE WHEN given.key = ANY(%s) THEN given.value END, count(*)
    FROM ({rows}) responses, jsonb_each(responses.answers) given
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Counts:
    """Of some responses: how many there are, how many were asked each question, and how many gave each answer.

    Of texts there is only how many there are (as None), and an answer of one's own beside choices has no words.
    """

    responses: int
    shown: Mapping[str, int]
    answers: Mapping[str, Spelt]

    def as_json(self) -> dict[str, Any]:
        return {"responses": self.responses, "shown": self.shown, "answers": self.answers}

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> "Counts":
        answers = {key: [(answer, number) for answer, number in spelt] for key, spelt in document["answers"].items()}
        return cls(document["responses"], document["shown"], answers)

    def __add__(self, other: "Counts") -> "Counts":
        keys = [*dict.fromkeys([*self.answers, *other.answers])]
        answers = {key: merged([*self.answers.get(key, ()), *other.answers.get(key, ())]) for key in keys}
        shown = Counter(self.shown)
        shown.update(other.shown)
        return Counts(self.responses + other.responses, shown, answers)


def merged(spelt: Iterable[tuple[Any, int]]) -> Spelt:
    """Equal answers together."""
    numbers, answers = Counter[str](), dict[str, Any]()
    for answer, number in spelt:
        key = json.dumps(answer, sort_keys=True)
        answers[key] = answer
        numbers[key] += number
    return [(answers[key], number) for key, number in numbers.items()]


def of(rows: Rows, definition: Definition) -> Counts:
    """The counts of responses that are read for it."""
    asked, responses = Counter[str](), 0
    for ids, number in rows.order_by().values_list("shown").annotate(number=Count("*")):
        responses += number
        asked.update(dict.fromkeys(ids, number))
    return Counts(responses, asked, _answers(rows, definition))


def of_some(responses: Iterable[Response], definition: Definition) -> Counts:
    """The counts of a few responses that are at hand."""
    counted = _counted(definition)
    total, asked, given = 0, Counter[str](), dict[str, list[tuple[Any, int]]]()
    for response in responses:
        total += 1
        asked.update(response.shown)
        for key, answer in response.answers.items():
            given.setdefault(key, []).append((_plain(answer) if key in counted else None, 1))
    return Counts(total, asked, {key: merged(spelt) for key, spelt in given.items()})


def _counted(definition: Definition) -> list[str]:
    return [question.id for question in definition.questions.values() if kind_of(question).shape]


def _answers(rows: Rows, definition: Definition) -> dict[str, Spelt]:
    sql, params = rows.order_by().values("answers").query.sql_with_params()
    found: dict[str, list[tuple[Any, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS.format(rows=sql), [_counted(definition), *params])
        for key, value, number in cursor.fetchall():
            found.setdefault(key, []).append((None if value is None else _plain(json.loads(value)), number))
    return {key: merged(spelt) for key, spelt in found.items()}


def _plain(answer: Any) -> Any:
    """An answer without the words that somebody wrote beside the choices."""
    if isinstance(answer, dict) and set(answer) == {OTHER}:
        return {OTHER: ""}
    return [_plain(each) for each in answer] if isinstance(answer, list) else answer


def tags(rows: Rows) -> dict[str, list[tuple[str, int]]]:
    """How many answers to each question of texts have each tag, the most first."""
    found: dict[str, list[tuple[str, int]]] = {}
    tagged = AnswerTag.objects.filter(response__in=rows.order_by().values("pk")).order_by()
    numbers = tagged.values_list("question", "name").annotate(number=Count("*")).order_by("-number", "name")
    for question, name, number in numbers:
        found.setdefault(question, []).append((name, number))
    return found


def ways(rows: Rows) -> dict[str, int]:
    """How many responses ended in which way."""
    return dict(rows.order_by().values_list("ended").annotate(number=Count("*")))


def together(rows: Rows, first: str, second: str) -> list[tuple[Any, Any, int]]:
    """The answers to two questions of those who answered both, each pair with how many gave it."""
    pairs = rows.order_by().annotate(a=KeyTransform(first, "answers"), b=KeyTransform(second, "answers"))
    both = pairs.filter(a__isnull=False, b__isnull=False)
    return list(both.values_list("a", "b").annotate(number=Count("*")))


def sizes(rows: Rows, parts: Sequence[Any]) -> list[int]:
    """How many are in each of the pieces into which conditions (Q) cut the responses, as far as there is anybody."""
    marks = {f"in_{place}": part for place, part in enumerate(parts)}
    pieces = rows.order_by().annotate(**marks).values(*marks).annotate(number=Count("*"))
    return list(pieces.values_list("number", flat=True))
