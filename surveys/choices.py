"""A choice as ballots hold it: brought into its one spelling at the border, whichever way it came in, or refused.

`of_voter` is the one way in for what a voter chose: the form, the API and the link of a mail all go through it, with the
question that `surveys.papers.question_of` reads from the paper. What it returns is what a ballot says, but for the text of
a write-in, which `surveys.write_ins.hidden` takes off it as the ballot is cast.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unicodedata import category, normalize

from django.utils.text import get_text_list

from core.lib.text import one_line
from surveys.tallying import NONE, WRITE_IN

SINGLE, APPROVAL, IRV, SCHULZE, SCORE = "plurality", "approval", "irv", "schulze", "score"
RANKED = frozenset({IRV, SCHULZE})
# A write-in with its text stands on a choice as this and the text; on a ballot, as this and the text's key.
WRITTEN = WRITE_IN + ":"
TEXT_LIMIT = 80
SHOWN = 40
NOT_LISTED = "This is not one of the nominees. Choose from the list."


class ChoiceRefused(ValueError):
    """This cannot be a choice in its category; the text says why, to whoever made it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a category asks, as its paper has it: all that a choice is checked against.

    `names` are the nominees to choose from, by slug. `most` is how many can be ticked or ranked; None: any number.
    """

    slug: str
    method: str
    names: Mapping[str, str]
    most: int | None = None
    scale: int = 0
    write_in: bool = False
    none: bool = False
    folded: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", {folded(name): slug for slug, name in self.names.items()})

    def short(self, key: str) -> str:
        """What stands under a key of a choice, as a refusal names it."""
        name = name_of(key, self.names)
        return name if len(name) <= SHOWN else name[: SHOWN - 1] + "…"


def name_of(key: str, names: Mapping[str, str]) -> str:
    """What a choice names, in words."""
    if key in names:
        return names[key]
    if key.startswith(WRITTEN):
        return key.removeprefix(WRITTEN)
    return {WRITE_IN: "Another", NONE: "None of them"}.get(key, key)


def in_words(choice: Any, names: Mapping[str, str]) -> list[str]:
    """A choice for readers, a line each: what was ticked, what stands at each place, or who has how many points."""
    if isinstance(choice, Mapping):
        order = sorted(choice, key=lambda key: (-choice[key], name_of(key, names).casefold()))
        return [f"{name_of(key, names)}: {choice[key]}" for key in order]
    lines = [", ".join(name_of(key, names) for key in rank) or "–" for rank in choice]
    return lines if len(lines) == 1 else [f"{place}. {line}" for place, line in enumerate(lines, 1)]


def folded(text: str) -> str:
    """A name as names are compared: whatever its case, its width, or what is hidden within its words."""
    shown = "".join(each for each in normalize("NFKC", text) if category(each) != "Cf")
    return " ".join(normalize("NFKC", shown.casefold()).split())


def keys_in(choice: Any) -> Iterator[str]:
    """Everything a choice names, as often as it does."""
    if isinstance(choice, Mapping):
        yield from choice
    else:
        for rank in choice:
            yield from rank


def with_keys(choice: Any, keys: Mapping[str, str]) -> Any:
    """A choice with other keys in the place of some of its own."""
    if isinstance(choice, Mapping):
        return {keys.get(key, key): points for key, points in choice.items()}
    return [[keys.get(key, key) for key in rank] for rank in choice]


def tidied(choice: Any) -> Any:
    """A choice with each name at most once at a rank. Raises ChoiceRefused where it has not the form of one.

    A name at two ranks stays: what it counts for is a rule of the category.
    """
    if isinstance(choice, Mapping):
        if not all(isinstance(points, int) and not isinstance(points, bool) for points in choice.values()):
            raise ChoiceRefused("Points are whole numbers.")
        return dict(choice)
    if not isinstance(choice, list | tuple) or not all(isinstance(rank, list | tuple) for rank in choice):
        raise ChoiceRefused("A choice is a list of ranks, or points by name.")
    if not all(isinstance(name, str) for rank in choice for name in rank):
        raise ChoiceRefused("A choice holds the names of nominees.")
    return [list(dict.fromkeys(rank)) for rank in choice]


def of_voter(choice: Any, question: Question) -> Any:
    """A voter's answer to a question in its one spelling. Raises ChoiceRefused.

    What is ticked, or stands at one rank, comes in the order of the alphabet: the order of ticking would be told else.
    Empty ranks close up. A name that is written in and is a nominee's is a vote for that nominee.
    """
    choice = tidied(choice)
    if isinstance(choice, dict) != (question.method == SCORE):
        raise ChoiceRefused("This category is voted on in another way.")
    if isinstance(choice, dict):
        return _scored(choice, question)
    ranks = [found for rank in choice if (found := sorted({_recognised(name, question) for name in rank}))]
    _refuse_what_no_ballot_holds([name for rank in ranks for name in rank])
    return _ranked(ranks, question) if question.method in RANKED else _ticked(ranks, question)


def _recognised(name: str, question: Question) -> str:
    if name in question.names or (name == NONE and question.none) or (name == WRITE_IN and question.write_in):
        return name
    if not name.startswith(WRITTEN) or not question.write_in:
        raise ChoiceRefused(NOT_LISTED)
    text = one_line(name.removeprefix(WRITTEN))
    if len(text) > TEXT_LIMIT:
        raise ChoiceRefused(f"The name you wrote in is too long: at most {TEXT_LIMIT} characters.")
    same = folded(text)
    return question.folded.get(same) or (WRITTEN + text if same else WRITE_IN)


def _refuse_what_no_ballot_holds(named: list[str]) -> None:
    if not named:
        raise ChoiceRefused("Choose a nominee.")
    if sum(name == WRITE_IN or name.startswith(WRITTEN) for name in set(named)) > 1:
        raise ChoiceRefused("Write in one name only.")


def _scored(choice: Mapping[str, int], question: Question) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, points in choice.items():
        key = _recognised(name, question)
        if key in found:
            raise ChoiceRefused(f"You gave “{question.short(key)}” points twice.")
        if not 0 <= points <= question.scale:
            raise ChoiceRefused(f"Give “{question.short(key)}” from 0 to {question.scale} points.")
        found[key] = points
    _refuse_what_no_ballot_holds(list(found))
    return dict(sorted(found.items()))


def _ticked(ranks: Iterable[list[str]], question: Question) -> list[list[str]]:
    named = sorted({name for rank in ranks for name in rank})
    if question.method == SINGLE:
        if len(named) > 1:
            chosen = get_text_list([f"“{question.short(name)}”" for name in named[:3]], "and")
            raise ChoiceRefused(f"Choose one nominee only. You chose {chosen}.")
        return [named]
    if NONE in named and len(named) > 1:
        raise ChoiceRefused("You chose nominees and “None of them”. Choose one or the other.")
    if question.most is not None and len(named) > question.most:
        raise ChoiceRefused(f"Choose at most {question.most}. You chose {len(named)}.")
    return [named]


def _ranked(ranks: list[list[str]], question: Question) -> list[list[str]]:
    seen: set[str] = set()
    for rank in ranks:
        if again := next((name for name in rank if name in seen), None):
            raise ChoiceRefused(f"“{question.short(again)}” stands at two places. Give each nominee one place only.")
        seen.update(rank)
        if question.method == IRV and len(rank) > 1:
            shared = get_text_list([f"“{question.short(name)}”" for name in rank[:3]], "and")
            raise ChoiceRefused(f"{shared} share a place. Give each a place of its own.")
    if question.most is not None and len(ranks) > question.most:
        raise ChoiceRefused(f"Rank at most {question.most}. You ranked {len(ranks)}.")
    return ranks
