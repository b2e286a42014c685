"""Marks in a rendered body for what may change without the article: rendered whenever the page is."""

import re
from collections.abc import Callable
from typing import Any

Renderer = Callable[..., str]

_MARK = re.compile(r"<!--slot:([a-z_]+):([\w,-]*)-->")
_renderers: dict[str, Renderer] = {}


def register(name: str, renderer: Renderer) -> None:
    """Plug in a slot: `renderer(page, *arguments)` returns safe HTML, or "" for nothing.

    `page` is what articles.article_page knows of the article shown (its `Surroundings`).
    """
    _renderers[name] = renderer


def mark(name: str, *arguments: str) -> str:
    """The mark that stands for a slot. Arguments are slugs. Stored HTML cannot forge one: cleaning drops comments."""
    text = f"<!--slot:{name}:{','.join(arguments)}-->"
    if not _MARK.fullmatch(text):
        raise ValueError(f"These are not arguments of a slot: {arguments}")
    return text


def render(html: str, page: Any) -> str:
    """Put what belongs there into every mark."""

    def rendered(match: re.Match[str]) -> str:
        renderer = _renderers.get(match[1])
        return renderer(page, *match[2].split(",")) if renderer else ""

    return _MARK.sub(rendered, html)


def strip(html: str) -> str:
    """The body without its slots, for where no page is around it."""
    return _MARK.sub("", html)
