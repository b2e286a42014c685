"""A choice as ballots hold it: brought into its one spelling at the border, whichever way it came in, or refused."""

from collections.abc import Collection, Mapping
from typing import Any

SINGLE, APPROVAL, SCORE = "plurality", "approval", "score"


class ChoiceRefused(ValueError):
    """This cannot be a choice in its category; the text says why, to whoever made it."""


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


def of_voter(choice: Any, *, method: str, names: Collection[str]) -> Any:
    """A voter's choice of some of `names`, in its one spelling. Raises ChoiceRefused.

    What is ticked in an approval ballot comes in the order of the alphabet: the order of ticking would be told else.
    """
    choice = tidied(choice)
    if isinstance(choice, dict) != (method == SCORE):
        raise ChoiceRefused("This category is voted on in another way.")
    named = list(choice) if isinstance(choice, dict) else [name for rank in choice for name in rank]
    if not named:
        raise ChoiceRefused("Choose a nominee.")
    if set(named) - set(names):
        raise ChoiceRefused("This is not one of the nominees. Choose from the list.")
    if method == SINGLE:
        if len(set(named)) > 1:
            raise ChoiceRefused("Choose one nominee only.")
        return [named[:1]]
    if method == APPROVAL:
        return [sorted(set(named))]
    if len(set(named)) < len(named):
        raise ChoiceRefused("Give each nominee one rank only.")
    return choice
