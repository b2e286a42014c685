"""Slots: marks in stored HTML for what may change without it, replaced whenever a page is put together."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

Renderer = Callable[..., str]

PACKED = "--"  # how an argument begins that is no slug, but words
_MARK = re.compile(r"<!--slot:([a-z_]+):([\w,-]*)-->")
_renderers: dict[str, Renderer] = {}


def register(name: str, renderer: Renderer) -> None:
    """Register a slot: `renderer(page, *arguments)` returns safe HTML, or "" for nothing.

    `page` is the `SlotContext` of the article shown (see articles.article_page).
    """
    _renderers[name] = renderer


def mark(name: str, *arguments: str) -> str:
    """The mark that stands for a slot. Arguments are slugs. Stored HTML cannot forge one: cleaning drops comments."""
    text = f"<!--slot:{name}:{','.join(arguments)}-->"
    if not _MARK.fullmatch(text):
        raise ValueError(f"These are not arguments of a slot: {arguments}")
    return text


def packed(words: dict[str, str]) -> str:
    """Words as an argument of a slot, which otherwise are slugs."""
    return PACKED + urlsafe_b64encode(json.dumps(words).encode()).rstrip(b"=").decode()


def unpacked(argument: str) -> dict[str, str] | None:
    """The words in an argument; None if it is a slug."""
    if not argument.startswith(PACKED):
        return None
    text = argument.removeprefix(PACKED)
    found: dict[str, str] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


BODY = mark("body")  # the place of the article's body in its frame, replaced before the slots are rendered


def is_registered(name: str) -> bool:
    return name in _renderers


def render(html: str, page: Any) -> str:
    """The HTML with every mark replaced by its slot."""

    def rendered(match: re.Match[str]) -> str:
        renderer = _renderers.get(match[1])
        arguments = match[2].split(",") if match[2] else []
        return renderer(page, *arguments) if renderer else ""

    return _MARK.sub(rendered, html)


def strip(html: str) -> str:
    """The HTML without its slots, for feeds and the API, which have no page around it."""
    return _MARK.sub("", html)
