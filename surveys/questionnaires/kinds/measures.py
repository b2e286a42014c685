"""What sums up many numbers: mean, median; and how they are counted by ranges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.lib import charts
from surveys.questionnaires.disclosure import is_small
from surveys.questionnaires.kinds.base import Figure

Numbers = Sequence[tuple[Any, int]]  # each number, and how many gave it


def rounded(number: Decimal) -> str:
    """To one decimal, half up, as readers see it."""
    return charts.number_text(number.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def mean(numbers: Numbers) -> str:
    total = sum(number for _, number in numbers)
    return rounded(sum((Decimal(str(value)) * number for value, number in numbers), Decimal(0)) / total)


def median(numbers: Numbers) -> str:
    """The middle of all; of an even number, halfway between the two in the middle."""
    ordered, total = sorted(numbers), sum(number for _, number in numbers)
    low, high = _at(ordered, (total - 1) // 2), _at(ordered, total // 2)
    return rounded((Decimal(str(low)) + Decimal(str(high))) / 2)


def _at(ordered: Numbers, place: int) -> Any:
    for value, number in ordered:
        if place < number:
            return value
        place -= number
    raise ValueError("There is nobody at this place.")


@dataclass(frozen=True, slots=True)
class _Range:
    """The numbers between two edges, by their places: how many there are, and how many are beside them."""

    first: int
    last: int
    count: int
    beside: int = 0

    def joined(self, after: "_Range") -> "_Range":
        return _Range(self.first, after.last, self.count + after.count, self.beside + after.beside)

    def is_told(self, least: int) -> bool:
        return self.count >= least and not is_small(self.beside, least)


def in_ranges(
    numbers: Numbers, edges: Sequence[Any], least: int, words: Callable[[Any, Any], str], among: Numbers | None = None
) -> list[Figure]:
    """Figures of the ranges between edges; neighbours go together until each has `least` people.

    The first has no lower end and the last no upper one, so that neither tells the extremes. `words` names a range from its
    lower and its upper edge (exclusive), None where it has none. Where the numbers are some `among` others, ranges are those of
    all, put together until nobody can take a few from the figures of all; none where there is no way.
    """
    whole = _between(numbers if among is None else among, edges)
    ranges = _wide_enough([_Range(place, place + 1, number) for place, number in enumerate(whole)], least)
    if among is not None:
        some = _between(numbers, edges)
        inside = [sum(some[each.first : each.last]) for each in ranges]
        pieces = zip(ranges, inside, strict=True)
        ranges = _wide_enough([_Range(all_.first, all_.last, own, all_.count - own) for all_, own in pieces], least)
    bounds: list[Any] = [None, *edges, None]
    named = [(bounds[each.first], bounds[each.last], each.count) for each in ranges]
    return [Figure(f"{low}:{high}", words(low, high), number) for low, high, number in named]


def _between(numbers: Numbers, edges: Sequence[Any]) -> list[int]:
    """How many are below the first edge, from it to the next, and so on."""
    counts = [0] * (len(edges) + 1)
    for value, number in numbers:
        counts[sum(value >= edge for edge in edges)] += number
    return counts


def _wide_enough(pieces: Sequence[_Range], least: int) -> list[_Range]:
    """Neighbours put together, from the first on, until each can be told; what is left at the end goes to those before it."""
    found = list[_Range]()
    gathered: _Range | None = None
    for piece in pieces:
        gathered = gathered.joined(piece) if gathered else piece
        if gathered.is_told(least):
            found.append(gathered)
            gathered = None
    while gathered and found:
        gathered = found.pop().joined(gathered)
        if gathered.is_told(least):
            return [*found, gathered]
    return found
