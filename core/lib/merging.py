"""Two versions of a document put together, part by part, by what each changed since the version that both began with.

A document is JSON: some named fields, and lists whose items have no key and are matched by what is in them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

MOST_COMPARED = 10_000  # pairs of items; beyond that, rewritten items are matched by their places


class Side(StrEnum):
    """What can be taken of a part."""

    THEIRS = "theirs"
    MINE = "mine"
    BOTH = "both"  # one after the other, where it is an item of a list


TOLD = {
    Side.MINE: "Only you changed this.",
    Side.THEIRS: "Changed only in the saved version.",
    Side.BOTH: "Changed on both sides.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A field, or an item of a list, in both versions; None where a version does not have it."""

    name: str
    theirs: Any
    mine: Any
    changed_by: Side | None  # None where both are the same
    is_item: bool = False

    @property
    def sides(self) -> list[Side]:
        """What there is to choose from."""
        has_both = self.is_item and self.theirs is not None and self.mine is not None
        return [Side.THEIRS, Side.MINE, *([Side.BOTH] if has_both else [])]

    @property
    def default(self) -> Side | None:
        """What only one side changed; of an item that both changed, all that there is. None: somebody has to choose."""
        if self.changed_by != Side.BOTH:
            return self.changed_by or Side.THEIRS
        if not self.is_item:
            return None
        return Side.MINE if self.theirs is None else Side.THEIRS if self.mine is None else Side.BOTH

    def side(self, chosen: Mapping[str, str]) -> Side | None:
        """The side that was chosen under the part's name, else the one that goes without saying."""
        value = chosen.get(self.name)
        return Side(value) if value in self.sides else self.default

    @property
    def told(self) -> str:
        """Who changed it, for the person whose version is `mine`."""
        if not self.is_item or (self.theirs is not None and self.mine is not None):
            return TOLD[self.changed_by or Side.BOTH]
        if self.changed_by == Side.BOTH:
            return (
                "You removed this; it was changed in the saved version."
                if self.mine is None
                else "You changed this; it was removed from the saved version."
            )
        if self.theirs is None:
            return "You added this." if self.changed_by == Side.MINE else "Removed from the saved version."
        return "You removed this." if self.changed_by == Side.MINE else "Added in the saved version."

    def taken(self, side: Side) -> list[Any]:
        """The values to put together of what was chosen."""
        values = {Side.THEIRS: [self.theirs], Side.MINE: [self.mine], Side.BOTH: [self.theirs, self.mine]}[side]
        return [value for value in values if value is not None] if self.is_item else values


def canonical(value: Any) -> str:
    """A value as text that is the same for equal values, whatever the order of their keys; empty for what is empty."""
    return json.dumps(value, sort_keys=True) if value not in (None, "", [], {}) else ""


def _changed_by(base: Any, theirs: Any, mine: Any, has_base: bool) -> Side | None:
    was, their, my = canonical(base), canonical(theirs), canonical(mine)
    if their == my:
        return None
    if not has_base:
        return Side.BOTH
    return Side.MINE if was == their else Side.THEIRS if was == my else Side.BOTH


def fields(
    base: Mapping[str, Any] | None, theirs: Mapping[str, Any], mine: Mapping[str, Any], names: Sequence[str]
) -> list[Part]:
    """The named fields of a document. Without a `base`, every difference is one that both made."""
    was = base or {}
    return [
        Part(name, get, mine.get(name), _changed_by(was.get(name), get, mine.get(name), base is not None))
        for name in names
        for get in [theirs.get(name)]
    ]


def items(
    name: str,
    base: Sequence[Any] | None,
    theirs: Sequence[Any],
    mine: Sequence[Any],
    alike: Callable[[Any, Any], float],
) -> list[Part]:
    """The items of a list in the order of the result, named after the list with a number each.

    `alike` says how much an item looks like a rewritten form of another, from 0 (not at all) to 1.
    """
    has_base = base is not None
    begun = theirs if base is None else base
    their, my = _Against(begun, theirs, alike), _Against(begun, mine, alike)
    found: list[tuple[Any, Any, Any]] = []
    for place in range(len(begun) + 1):
        found += _inserted(their.inserted.get(place, []), my.inserted.get(place, []))
        if place < len(begun):
            found.append((begun[place], their.now.get(place), my.now.get(place)))
    return [
        Part(f"{name}-{number}", theirs_, mine_, _changed_by(was, theirs_, mine_, has_base), is_item=True)
        for number, (was, theirs_, mine_) in enumerate(found)
        if theirs_ is not None or mine_ is not None
    ]


def _inserted(theirs: list[Any], mine: list[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """What both inserted at one place: what is the same once, then theirs before mine."""
    rest = list(mine)
    for item in theirs:
        same = next((other for other in rest if canonical(other) == canonical(item)), None)
        if same is not None:
            rest.remove(same)
        yield None, item, same
    for item in rest:
        yield None, None, item


class _Against:
    """What became of the items of one list in another: each where it still is, and what was inserted before which."""

    def __init__(self, before: Sequence[Any], after: Sequence[Any], alike: Callable[[Any, Any], float]) -> None:
        self.now: dict[int, Any] = {}
        self.inserted: dict[int, list[Any]] = {}
        place = 0
        for was, now in pairs(before, after, alike):
            if was is None:
                self.inserted.setdefault(place, []).append(after[now or 0])
                continue
            place = was + 1
            if now is not None:
                self.now[was] = after[now]


Pair = tuple[int | None, int | None]


def pairs(before: Sequence[Any], after: Sequence[Any], alike: Callable[[Any, Any], float]) -> Iterator[Pair]:
    """Match the items of two lists: the places of each in both, in their common order; None where it is in one alone."""
    old, new = [canonical(item) for item in before], [canonical(item) for item in after]
    for tag, a1, a2, b1, b2 in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(range(a1, a2), range(b1, b2), strict=True)
            continue
        matched = _rewritten(before[a1:a2], after[b1:b2], alike)
        left, right = a1, b1
        for was, now in [*((a1 + i, b1 + j) for i, j in matched), (a2, b2)]:
            yield from ((place, None) for place in range(left, was))
            yield from ((None, place) for place in range(right, now))
            if was < a2:
                yield was, now
            left, right = was + 1, now + 1


def _rewritten(old: Sequence[Any], new: Sequence[Any], alike: Callable[[Any, Any], float]) -> list[tuple[int, int]]:
    """The pairs, in order, whose items are most alike all in all."""
    if len(old) * len(new) > MOST_COMPARED:
        return [(at, at) for at in range(min(len(old), len(new))) if alike(old[at], new[at])]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    score = [[alike(one, other) for other in new] for one in old]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            together = score[i][j] + best[i + 1][j + 1] if score[i][j] else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    found, i, j = list[tuple[int, int]](), 0, 0
    while i < len(old) and j < len(new):
        if score[i][j] and best[i][j] == score[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found
