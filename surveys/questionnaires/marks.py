"""How a form sends the answer to a question, whatever its kind: plain fields, with or without scripts.

A question `q1` has the field `q-q1`, once or several times, and fields of its parts: `q-q1.other` for a text of one's own,
`q-q1.r2` for a matrix's row or an item's place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

PREFIX = "q-"
MOST_FIELDS = 500
LONGEST_KEPT = 10_000  # characters of what cannot be an answer and is shown again
MOST_KEPT = 64 * 1024  # bytes of all such that a sitting holds


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in a question's fields: its values, and those of each of its parts. Empty ones are left out."""

    values: list[str] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values or self.parts)

    @property
    def value(self) -> str:
        """The first value, as a field shows it that has one."""
        return self.values[0] if self.values else ""

    def part(self, key: str) -> str:
        return self.parts[key][0] if key in self.parts else ""

    def as_json(self) -> dict[str, Any]:
        """What was typed, to be shown again; cut where it is longer than anything that could be an answer."""
        cut = [value[:LONGEST_KEPT] for value in self.values[:MOST_FIELDS]]
        parts = list(self.parts.items())[:MOST_FIELDS]
        return {"values": cut, "parts": {key[:40]: [value[:LONGEST_KEPT] for value in some[:9]] for key, some in parts}}


def that_fit(typed: Mapping[str, Any], more: Mapping[str, Marks]) -> dict[str, Any]:
    """What was typed, and more of it by question, as far as a sitting holds so much."""
    kept = dict(typed)
    room = MOST_KEPT - len(json.dumps(kept))
    for question, marks in more.items():
        found = marks.as_json()
        room -= len(json.dumps({question: found}))
        if room < 0:
            break
        kept[question] = found
    return kept


def name_of_field(question: str) -> str:
    return PREFIX + question


def marks_in(data: Mapping[str, Any]) -> dict[str, Marks]:
    """What was sent in the fields of each question, by its id; those whose fields are all empty among them."""
    found: dict[str, Marks] = {}
    for name in data:
        question, dot, part = name.removeprefix(PREFIX).partition(".")
        if not question or not name.startswith(PREFIX):
            continue
        marks = found.setdefault(question, Marks())
        if not dot:
            marks.values.extend(_sent(data, name))
        elif some := _sent(data, name):
            marks.parts[part] = some
    return found


def _sent(data: Mapping[str, Any], name: str) -> list[str]:
    many = data.getlist(name) if isinstance(data, QueryDict) else data.get(name) or []
    return [str(value) for value in ([many] if isinstance(many, str) else many) if value]
