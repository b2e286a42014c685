"""Markdown as HTML."""

from html import escape
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

# As others write it: with tables, strike-through, footnotes and definition lists.
# What is nested deeper is left out without a word by the parser.
MAX_NESTING = 100
_OTHERS = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
_OTHERS.use(footnote_plugin).use(deflist_plugin)
# As `export_site` writes it.
_OURS = MarkdownIt("commonmark", {"html": True, "xhtmlOut": False}).enable(["table", "strikethrough"])


def markdown_html(text: str) -> str:
    """The HTML of Markdown from anywhere; HTML within it stays, to be cleaned like any other."""
    known: dict[str, Any] = {}
    tokens = _OTHERS.parse(text, known)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        return "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.split("\n") if line.strip())
    return str(_OTHERS.renderer.render(tokens, _OTHERS.options, known))


def plain_markdown_html(text: str) -> str:
    """The HTML of Markdown as `export_site` writes it: CommonMark, tables, strike-through."""
    return str(_OURS.render(text))
