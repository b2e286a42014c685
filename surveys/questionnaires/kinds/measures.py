"""What sums up many numbers: mean, median; and how they are counted by ranges."""

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.lib import charts
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


def in_ranges(
    numbers: Iterable[tuple[Any, int]], edges: Sequence[Any], least: int, words: Callable[[Any, Any], str]
) -> list[Figure]:
    """Figures of the ranges between edges; neighbours go together until each has `least` people.

    The first has no lower end and the last no upper one, so that neither tells the extremes. `words` names a range from its
    lower and its upper edge (exclusive), None where it has none.
    """
    counts = [0] * (len(edges) + 1)
    for value, number in numbers:
        counts[sum(value >= edge for edge in edges)] += number
    bounds: list[Any] = [None, *edges, None]
    found = list[tuple[int, int, int]]()  # the places of its edges, and how many are between
    start = gathered = 0
    for place, number in enumerate(counts):
        gathered += number
        if gathered >= least:
            found.append((start, place + 1, gathered))
            start, gathered = place + 1, 0
    if (gathered or start < len(counts)) and found:
        first, _, number = found.pop()
        found.append((first, len(counts), number + gathered))
    ranges = [(bounds[first], bounds[last], number) for first, last, number in found]
    return [Figure(f"{low}:{high}", words(low, high), number) for low, high, number in ranges]
