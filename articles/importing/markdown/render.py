"""Rendering of Markdown to HTML: the dialect of other systems, and the one that `export_site` writes."""

from html import escape
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

# Other systems: with tables, strikethrough, footnotes and definition lists.
# The parser silently drops whatever is nested more deeply.
MAX_NESTING = 100
MAX_UNCLOSED = 1000  # square brackets: for each one that nothing closes the parser looks at a long stretch of text
_OTHERS = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
_OTHERS.use(footnote_plugin).use(deflist_plugin)
# As `export_site` writes it.
_OURS = MarkdownIt("commonmark", {"html": True, "xhtmlOut": False}).enable(["table", "strikethrough"])


def markdown_html(text: str) -> str:
    """The HTML of Markdown from other systems. HTML in it is kept, and not yet cleaned."""
    if text.count("[") - text.count("]") > MAX_UNCLOSED:
        return _lines(text)
    known: dict[str, Any] = {}
    tokens = _OTHERS.parse(text, known)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        return _lines(text)
    return str(_OTHERS.renderer.render(tokens, _OTHERS.options, known))


def _lines(text: str) -> str:
    """The words alone, a paragraph for each line."""
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.split("\n") if line.strip())


def plain_markdown_html(text: str) -> str:
    """The HTML of Markdown as `export_site` writes it: CommonMark with tables and strikethrough."""
    return str(_OURS.render(text))
