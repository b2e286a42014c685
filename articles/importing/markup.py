"""Markdown as HTML."""

from markdown_it import MarkdownIt

_RENDERER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])


def markdown_html(text: str) -> str:
    """The HTML of some Markdown; HTML within it stays, to be cleaned like any other."""
    return str(_RENDERER.render(text))
