"""Replacement of what stands between two marks, or of tags with what they enclose, in linear time even for hostile text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Replacement = Callable[[re.Match[str], str, str], str]
MAX_NESTING = 40


def replace_pairs(
    text: str, opening: re.Pattern[str], closing: Callable[[re.Match[str]], str], replacement: Replacement
) -> str:
    """Replace each pair by `replacement(opening, inside, whole)`. `closing` returns the pattern that ends an opening.

    An opening that is never closed stays, and so do all later ones with the same closing pattern.
    """
    out: list[str] = []
    at = 0
    hopeless: set[str] = set()
    match = opening.search(text)
    while match:
        pattern = closing(match)
        end = (
            None if pattern in hopeless else re.compile(pattern, re.IGNORECASE | re.MULTILINE).search(text, match.end())
        )
        if end is None:
            hopeless.add(pattern)
            match = opening.search(text, match.end())
            continue
        whole = text[match.start() : end.end()]
        out += [text[at : match.start()], replacement(match, text[match.end() : end.start()], whole)]
        at = end.end()
        match = opening.search(text, at)
    return "".join([*out, text[at:]])


@dataclass(frozen=True, slots=True)
class Tag:
    """A shortcode or component in a text: where it stands, its name, and what is written behind the name."""

    start: int
    end: int
    name: str
    attributes: str = ""
    closes: bool = False
    empty: bool = False
    whole: str = ""


class Enclosing:
    """A text with tags, of which some enclose others. Each closing tag belongs to the last open one of its name.

    `show(tag, inside)` returns what stands for a tag and what it encloses (None if it is never closed), or None to
    leave it as typed. What a `verbatim` tag encloses is given as it is, else with the tags in it replaced.
    """

    def __init__(
        self,
        text: str,
        tags: Sequence[Tag],
        show: Callable[[Tag, str | None], str | None],
        verbatim: frozenset[str] = frozenset(),
    ) -> None:
        self.text = text
        self.tags = tags
        self.show = show
        self.verbatim = verbatim
        self.closed_by: dict[int, int] = {}
        opened: dict[str, list[int]] = {}
        for number, tag in enumerate(tags):
            if tag.closes and opened.get(tag.name):
                self.closed_by[opened[tag.name].pop()] = number
            elif not tag.closes and not tag.empty:
                opened.setdefault(tag.name, []).append(number)
        self.closing = set(self.closed_by.values())

    def resolved(self) -> str:
        return self._between(0, len(self.tags), 0, len(self.text), 0)

    def _between(self, first: int, last: int, start: int, end: int, depth: int) -> str:
        out: list[str] = []
        at, number = start, first
        while number < last:
            tag, closing = self.tags[number], self.closed_by.get(number, last)
            if tag.start < at:
                number += 1
                continue
            inside, after, following = None, tag.end, number + 1
            if number in self.closing:
                shown: str | None = ""
            else:
                if closing < last and (depth < MAX_NESTING or tag.name in self.verbatim):
                    inner = tag.end, self.tags[closing].start
                    inside = (
                        self.text[slice(*inner)]
                        if tag.name in self.verbatim
                        else self._between(number + 1, closing, *inner, depth + 1)
                    )
                    after, following = self.tags[closing].end, closing + 1
                shown = self.show(tag, inside)
            if shown is None:
                after, following = tag.end, number + 1
                shown = self.text[tag.start : tag.end]
            out += [self.text[at : tag.start], shown]
            at, number = after, following
        return "".join([*out, self.text[at:end]])
