"""How a ballot's form sends a choice, for each method, and how it is read: plain fields, with or without scripts.

| Method | Fields of the category `wallet` |
|---|---|
| plurality | `vote-wallet=ada` |
| approval | `vote-wallet=ada&vote-wallet=bit` |
| instant runoff, Schulze | `vote-wallet.ada=1&vote-wallet.bit=2`, places |
| score | `vote-wallet.ada=5&vote-wallet.bit=0`, points |

“Another” is chosen, placed or given points as `write-in`; its name is `vote-wallet.write-in.name`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from core.lib.text import whole_number
from surveys.choices import NOT_LISTED, RANKED, SCORE, WRITTEN, ChoiceRefused, Question, of_voter
from surveys.tallying import NONE, WRITE_IN

PREFIX = "vote-"
_TEXT = WRITE_IN + ".name"


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in a category's fields: what is ticked, places or points by key, and the name written in."""

    ticked: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    written: str = ""

    def __bool__(self) -> bool:
        return bool(self.ticked or self.figures or self.written)


def name_of_field(category: str) -> str:
    return PREFIX + category


def category_of_field(name: str) -> str:
    """The category a field is about; "" for a field that is about none."""
    return name.removeprefix(PREFIX).partition(".")[0] if name.startswith(PREFIX) else ""


def marks_in(data: Mapping[str, Any], name: str) -> Marks:
    """What was sent in the fields of one category; empty ones are left out."""
    many = data.getlist(name) if isinstance(data, QueryDict) else data.get(name) or []
    ticked = [value for value in ([many] if isinstance(many, str) else many) if value]
    own = {key.removeprefix(name + "."): data[key] for key in data if key.startswith(name + ".") and data[key]}
    return Marks(ticked, {key: value for key, value in own.items() if key != _TEXT}, own.get(_TEXT, "").strip())


def marks_of(choice: Any) -> Marks:
    """The fields that would send a choice: how a form shows what was chosen before."""
    named = dict(choice) if isinstance(choice, Mapping) else {}
    if not named:
        named = {key: place for place, rank in enumerate(choice, 1) for key in rank}
    written = next((key for key in named if key.startswith(WRITTEN)), "")
    figures = {WRITE_IN if key == written else key: str(figure) for key, figure in named.items()}
    return Marks(list(figures), figures, written.removeprefix(WRITTEN))


def choice_in(marks: Marks, question: Question) -> Any:
    """What the fields of a category say, as ballots hold it; None where they say nothing. Raises ChoiceRefused."""
    if not marks:
        return None
    if question.method == SCORE or question.method in RANKED:
        if marks.ticked:
            raise ChoiceRefused("This category is voted on in another way.")
        figures = {_named(key, marks): _figure(key, value, question) for key, value in marks.figures.items()}
        if marks.written and WRITE_IN not in marks.figures:
            what = "points" if question.method == SCORE else "a place"
            raise ChoiceRefused(f"Give the name you wrote in {what} too, or clear it.")
        if question.method == SCORE:
            return of_voter(figures, question)
        places = sorted(set(figures.values()))
        return of_voter([[key for key in figures if figures[key] == place] for place in places], question)
    if marks.figures:
        raise ChoiceRefused("This category is voted on in another way.")
    ticked = marks.ticked + ([WRITE_IN] if marks.written else [])
    return of_voter([[_named(key, marks) for key in ticked]], question)


def choice_of(data: Mapping[str, Any], question: Question) -> Any:
    """What a request says in a category, as ballots hold it; None where it says nothing. Raises ChoiceRefused."""
    return choice_in(marks_in(data, name_of_field(question.slug)), question)


def _named(key: str, marks: Marks) -> str:
    return WRITTEN + marks.written if key == WRITE_IN and marks.written else key


def _figure(key: str, value: str, question: Question) -> int:
    if key not in question.names and key not in (WRITE_IN, NONE):
        raise ChoiceRefused(NOT_LISTED)
    number = whole_number(value.strip())
    if number is None or (number == 0 and question.method in RANKED):
        what = f"points from 0 to {question.scale}" if question.method == SCORE else "a place: 1, 2, 3 …"
        raise ChoiceRefused(f"Give “{question.short(key)}” {what}.")
    return number
