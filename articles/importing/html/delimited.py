"""Replaces what stands between an opening and its closing, in time that grows with the text alone, however it is made."""

import re
from collections.abc import Callable

Made = Callable[[re.Match[str], str, str], str]


def replace_pairs(text: str, opening: re.Pattern[str], closing: Callable[[re.Match[str]], str], made: Made) -> str:
    """Put `made(opening, inside, whole)` in place of each pair. `closing` gives the pattern that ends an opening.

    An opening that nothing closes stays, and so do all later ones that the same pattern would close.
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
        out += [text[at : match.start()], made(match, text[match.end() : end.start()], whole)]
        at = end.end()
        match = opening.search(text, at)
    return "".join([*out, text[at:]])
