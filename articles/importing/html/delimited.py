"""Replacement of text between an opening and a closing mark, in linear time even for hostile text."""

import re
from collections.abc import Callable

Replacement = Callable[[re.Match[str], str, str], str]


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
