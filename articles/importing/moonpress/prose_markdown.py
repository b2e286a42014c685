"""Lossless conversion of rich text to Markdown and back. HTML without an equivalent in Markdown stays HTML.

A text has a form, which says where its HTML has line breaks: `lines` (after each paragraph or list), `none`, or
`markdown` (where a Markdown program puts them). Reading a text needs its form to restore every byte.
"""

import re
from collections.abc import Callable
from html import escape

from lxml import html as lxml_html
from lxml.html import HtmlElement

from articles.importing.html.normalize import parse
from articles.importing.markdown.render import plain_markdown_html
from core.lib.html import clean

FORMS = ("lines", "none", "markdown")
_BLOCK = "ul|ol|li|blockquote|p|h[2-4]|table|thead|tbody|tr|th|td|hr|dl|dt|dd"
_BREAK = re.compile(rf"(?:(</?(?:{_BLOCK})\b[^>]*>|<br>)\n|\n(?=</?(?:{_BLOCK})\b))")
_PRE = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
# What `block_markdown` would take for the beginning of a block.
_FENCES = re.compile(r"^(?::{3,}[a-z]|`{3,})", re.MULTILINE)


def html_of(text: str, form: str) -> str:
    """The HTML of Markdown in a form."""
    html = clean(plain_markdown_html(text)).strip()
    if form == "markdown":
        return html
    tight = "".join(part if part.startswith("<pre") else _BREAK.sub(r"\1", part) for part in _PRE.split(html))
    tight = tight.replace("</pre>\n", "</pre>")
    return tight if form == "none" else "\n".join(map(_markup, _top_level(tight)))


def markdown_of(html: str) -> tuple[str, str] | None:
    """The Markdown of some HTML and its form, or None if no Markdown restores it exactly."""
    if "\r" in html:
        return None
    for form in FORMS:
        text = _written(html, form)
        if text and not _FENCES.search(text) and html_of(text, form) == html:
            return text, form
    return None


def _written(html: str, form: str) -> str:
    """Each element as Markdown if that restores it exactly, else as HTML."""
    parts = []
    for element in _top_level(html):
        source = _markup(element)
        text = _block(element)
        if text is None or html_of(text, form) != source:
            if "\n\n" in source and not source.startswith("<pre"):
                return ""
            text = source
        parts.append(text)
    return "\n\n".join(parts)


def _top_level(html: str) -> list[HtmlElement]:
    root = parse(html)
    loose = (root.text or "").strip() or any((child.tail or "").strip() for child in root)
    return [] if loose else list(root)


def _markup(element: HtmlElement) -> str:
    return str(clean(lxml_html.tostring(element, encoding="unicode", with_tail=False)))


def _block(element: HtmlElement) -> str | None:
    if element.tag in ("h2", "h3", "h4"):
        return "#" * int(element.tag[1]) + " " + _inline(element)
    if element.tag == "p":
        return _guarded(_inline(element))
    if element.tag == "hr":
        return "---"
    if element.tag == "blockquote" and not (element.text or "").strip():
        inner = [_block(child) for child in element]
        return None if None in inner else "\n>\n".join("> " + str(part).replace("\n", "\n> ") for part in inner)
    if element.tag in ("ul", "ol"):
        return _list(element)
    if element.tag == "table":
        return _table(element)
    return None


def _list(element: HtmlElement) -> str | None:
    number = int(element.get("start") or 1) if (element.get("start") or "1").isdigit() else 1
    lines = []
    for at, item in enumerate(element):
        mark = "- " if element.tag == "ul" else f"{number + at}. "
        nested = [child for child in item if child.tag in ("ul", "ol")]
        if item.tag != "li" or any(child.tag in ("p", "pre", "blockquote", "table") for child in item):
            return None
        for child in nested:
            if child.getnext() is not None or (child.tail or "").strip():
                return None
        below = [_list(child) for child in nested]
        for child in nested:
            item.remove(child)
        words = _inline(item)
        if None in below or "\n" in words:
            return None
        lines.append(mark + _guarded(words))
        indent = " " * len(mark)
        lines += [indent + line for part in below for line in str(part).split("\n")]
    return "\n".join(lines)


def _table(element: HtmlElement) -> str | None:
    rows = list(element.iter("tr"))
    cells = [[_inline(cell).replace("|", "\\|") for cell in row] for row in rows]
    if not cells or len({len(row) for row in cells}) != 1 or any("\n" in cell for row in cells for cell in row):
        return None
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * len(cells[0]), *lines[1:]])


_MARKS = {"strong": "**", "em": "*", "s": "~~"}


def _inline(element: HtmlElement) -> str:
    """The content of an element, in Markdown as far as possible, else in HTML."""
    parts = [_escaped(element.text or "")]
    for child in element:
        parts += [_span(child), _escaped(child.tail or "")]
    return "".join(parts).strip()


def _span(element: HtmlElement) -> str:
    inside = _inline_kept(element)
    if element.tag == "br":
        return "\\\n"
    if element.tag in _MARKS and not element.attrib and inside.strip() == inside and inside:
        return f"{_MARKS[element.tag]}{inside}{_MARKS[element.tag]}"
    if (
        element.tag == "code"
        and not len(element)
        and not element.attrib
        and (text := element.text or "")
        and "`" not in text
        and text.strip() == text
    ):
        return f"`{text}`"
    if element.tag == "a" and set(element.attrib) == {"href"} and not re.search(r"[\s<>()]", element.get("href", "")):
        return f"[{inside}]({element.get('href')})"
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in element.attrib.items())
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"


def _inline_kept(element: HtmlElement) -> str:
    parts = [_escaped(element.text or "")]
    for child in element:
        parts += [_span(child), _escaped(child.tail or "")]
    return "".join(parts)


_SPECIAL = re.compile(r"([\\`*\[\]<>])|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9])|~~|&(?=#?\w+;)")


def _escaped(text: str) -> str:
    text = _SPECIAL.sub(
        lambda match: (
            "&lt;" if match[0] == "<" else "&gt;" if match[0] == ">" else "".join("\\" + sign for sign in match[0])
        ),
        text,
    )
    return text.replace("\u00a0", "&nbsp;")


_LINE_STARTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"^(\d{1,9})([.)])(?=\s|$)", re.MULTILINE), lambda match: f"{match[1]}\\{match[2]}"),
    (
        re.compile(r"^(#{1,6}(?=\s|$)|[-+](?=\s|$)|=+\s*$|-+\s*$|:{3,}|~{3,})", re.MULTILINE),
        lambda match: "\\" + match[0],
    ),
)


def _guarded(text: str) -> str:
    """Escape lines that would otherwise become a list, a heading or a rule."""
    for pattern, mend in _LINE_STARTS:
        text = pattern.sub(mend, text)
    return text
