"""Markdown as HTML."""

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

# As others write it: with tables, strike-through, footnotes and definition lists.
_OTHERS = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_OTHERS.use(footnote_plugin).use(deflist_plugin)
# As `export_site` writes it.
_OURS = MarkdownIt("commonmark", {"html": True, "xhtmlOut": False}).enable(["table", "strikethrough"])


def markdown_html(text: str) -> str:
    """The HTML of Markdown from anywhere; HTML within it stays, to be cleaned like any other."""
    return str(_OTHERS.render(text))


def plain_markdown_html(text: str) -> str:
    """The HTML of Markdown as `export_site` writes it: CommonMark, tables, strike-through."""
    return str(_OURS.render(text))
