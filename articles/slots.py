"""Marks in a rendered body for what may change without the article: filled whenever the page is rendered."""

import re
from collections.abc import Callable
from typing import Any

Filler = Callable[..., str]

_MARK = re.compile(r"<!--slot:([a-z_]+):([\w,-]*)-->")
_fillers: dict[str, Filler] = {}


def register(name: str, filler: Filler) -> None:
    """Plug in a slot: `filler(page, *arguments)` returns safe HTML, or "" for nothing.

    `page` is what articles.article_page knows of the article shown (its `Surroundings`).
    """
    _fillers[name] = filler


def mark(name: str, *arguments: str) -> str:
    """The mark that stands for a slot. Arguments are slugs. Stored HTML cannot forge one: cleaning drops comments."""
    text = f"<!--slot:{name}:{','.join(arguments)}-->"
    if not _MARK.fullmatch(text):
        raise ValueError(f"These are not arguments of a slot: {arguments}")
    return text


def fill(html: str, page: Any) -> str:
    """Put what belongs there into every mark."""

    def filled(match: re.Match[str]) -> str:
        filler = _fillers.get(match[1])
        return filler(page, *match[2].split(",")) if filler else ""

    return _MARK.sub(filled, html)


def fill_nothing(html: str) -> str:
    """The body without its slots, for where no page is around it."""
    return _MARK.sub("", html)
