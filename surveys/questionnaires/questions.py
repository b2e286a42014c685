"""What a survey asks: pages of questions, conditions and quotas, as surveys.questionnaires.definition reads them.

Ids are made once, when something is added, and never given to anything else: answers are stored by them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

ID = re.compile("[a-z][a-z0-9_]{0,29}")
OTHER = "other"  # stands for a text of one's own among a question's choices
END = "end"  # where a rule leads that ends the survey


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison with an earlier answer; of a matrix, with that in one `row`."""

    question: str
    operator: str
    value: Any
    row: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions, of which all have to be met, or any."""

    conditions: tuple["Condition", ...]
    any: bool = False


Condition = Test | Group


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose; a row of a matrix is one as well. `image` is a picture's path; a closed one is not offered any more."""

    id: str
    text: str
    image: str = ""
    closed: bool = False


@dataclass(frozen=True)
class Question:
    """One question. `settings` are those of its kind, each with a value."""

    id: str
    kind: str
    text: str
    help: str = ""
    required: bool = False
    shuffle: bool = False
    image: str = ""
    condition: Condition | None = None
    choices: tuple[Choice, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """A setting of its kind. Raises KeyError where the kind has none of this name: templates ask so for all there is."""
        return self.settings[name]

    @cached_property
    def texts(self) -> dict[str, str]:
        """The words of its choices, by id."""
        return {choice.id: choice.text for choice in self.choices}

    @property
    def images(self) -> list[str]:
        """The pictures it shows, by their paths."""
        return [image for image in (self.image, *(choice.image for choice in self.choices)) if image]

    @property
    def offered(self) -> list[Choice]:
        return [choice for choice in self.choices if not choice.closed]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where to go after a page, if a condition is met (always, without one): a later page, or the end with a message."""

    go: str
    condition: Condition | None = None
    message: str = ""


@dataclass(frozen=True)
class Page:
    id: str
    questions: tuple[Question, ...]
    title: str = ""
    condition: Condition | None = None
    then: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """Once so many responses meet its condition, others that do are told so and not counted."""

    id: str
    condition: Condition
    limit: int
    message: str = ""


@dataclass(frozen=True)
class Definition:
    """All that a survey asks."""

    pages: tuple[Page, ...] = ()
    quotas: tuple[Quota, ...] = ()

    @cached_property
    def questions(self) -> dict[str, Question]:
        """All questions in their order, by id."""
        return {question.id: question for page in self.pages for question in page.questions}

    @cached_property
    def places(self) -> dict[str, int]:
        """The number of each page, by id."""
        return {page.id: place for place, page in enumerate(self.pages)}

    def page(self, key: str) -> Page | None:
        place = self.places.get(key)
        return None if place is None else self.pages[place]


def tests_in(condition: Condition | None) -> Iterator[Test]:
    """All comparisons of a condition."""
    if isinstance(condition, Test):
        yield condition
    elif condition:
        for each in condition.conditions:
            yield from tests_in(each)


def in_order(ids: Sequence[str], choices: Sequence[Choice]) -> list[str]:
    """Ids in the order of the choices, each once."""
    return [choice.id for choice in choices if choice.id in ids]
