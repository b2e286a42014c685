"""Counts of responses, made by the database: of each answer as it is stored, of who was asked what, of two answers together."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTransform

from surveys.models import Response
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import Definition

Rows = QuerySet[Response]
Spelt = list[tuple[Any, int]]  # stored answers, each with how many gave it

_ANSWERS = """
    SELECT given.key, CASE WHEN given.key = ANY(%s) THEN given.value END, count(*)
    FROM ({rows}) responses, jsonb_each(responses.answers) given
    GROUP BY 1, 2
"""


def answers(rows: Rows, definition: Definition) -> dict[str, Spelt]:
    """The stored answers to each question; of texts, only how many there are (as None)."""
    counted = [question.id for question in definition.questions.values() if kind_of(question).shape]
    sql, params = rows.order_by().values("answers").query.sql_with_params()
    found: dict[str, Spelt] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS.format(rows=sql), [counted, *params])
        for key, value, number in cursor.fetchall():
            found.setdefault(key, []).append((None if value is None else json.loads(value), number))
    return found


def shown(rows: Rows) -> Counter[str]:
    """How many were asked each question."""
    asked = Counter[str]()
    for ids, number in rows.order_by().values_list("shown").annotate(number=Count("*")):
        asked.update(dict.fromkeys(ids, number))
    return asked


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
    marked = rows.order_by().annotate(**{f"in_{place}": part for place, part in enumerate(parts)})
    return list(
        marked.values_list(*(f"in_{place}" for place in range(len(parts))))
        .annotate(number=Count("*"))
        .values_list("number", flat=True)
    )
