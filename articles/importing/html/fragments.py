"""Fragments, the form of a text between HTML and blocks; tables and code as blocks; splitting at pictures and breaks."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from lxml import html as lxml_html
from lxml.html import HtmlElement

from articles.tables import csv_of, rows_of
from core.lib.html import INLINE_TAGS, clean, text_of

Block = dict[str, Any]
HEADINGS = {"h2": 2, "h3": 3, "h4": 4}
MEDIA_TAGS = frozenset(["img", "iframe", "video", "audio"])


@dataclass(slots=True)
class Fragment:
    """A piece of HTML. It is a heading if it has a level; `block`, if there is one, replaces it in the document."""

    html: str
    level: int = 0
    block: Block | None = None

    @property
    def text(self) -> str:
        return text_of(self.html).replace("\n", " ")


def markup(element: HtmlElement) -> str:
    """An element as HTML, without its tail."""
    return lxml_html.tostring(element, encoding="unicode", with_tail=False).strip()


def inner(element: HtmlElement) -> str:
    """The content of an element as HTML."""
    return (
        escape(element.text or "", quote=False)
        + "".join(lxml_html.tostring(child, encoding="unicode") for child in element)
    ).strip()


def classes(element: HtmlElement) -> set[str]:
    return set((element.get("class") or "").lower().split())


_BLOCK_TAG = re.compile(rf"</?(?!(?:{'|'.join(sorted(INLINE_TAGS - {'br'}))})\b)[a-z][^<>]*>", re.IGNORECASE)


def words(source: HtmlElement | str) -> str:
    """The text of an element or of HTML on one line, with a space wherever a block or line ends."""
    html = source if isinstance(source, str) else markup(source)
    return " ".join(text_of(_BLOCK_TAG.sub(" ", html)).split())


def has_media(element: HtmlElement) -> bool:
    return next(element.iterdescendants(*MEDIA_TAGS), None) is not None


def split_at_media(element: HtmlElement) -> list[HtmlElement]:
    """An element split at every picture or player in it: copies of it that hold the words, and the media between them."""
    parts = []
    current = _shell(element)
    current.text = element.text
    for child in list(element):
        tail, child.tail = child.tail, None
        if child.tag in MEDIA_TAGS:
            parts += [current, child]
            current = _shell(element)
        elif has_media(child):
            for part in split_at_media(child):
                if part.tag in MEDIA_TAGS:
                    parts += [current, part]
                    current = _shell(element)
                    remember_link(child, part)
                else:
                    current.append(part)
        else:
            current.append(child)
        _append_text(current, tail)
    return [*parts, current]


def split_at_breaks(paragraph: HtmlElement) -> list[HtmlElement]:
    """A paragraph split wherever two line breaks in a row were meant to end it."""
    parts = [_shell(paragraph)]
    _append_text(parts[-1], paragraph.text)
    breaks = 0
    for child in list(paragraph):
        tail, child.tail = child.tail, None
        if child.tag == "br":
            breaks += 1
        if breaks and (child.tag != "br" or (tail or "").strip()):
            if breaks == 1:
                parts[-1].append(lxml_html.Element("br"))
            else:
                parts.append(_shell(paragraph))
            breaks = 0
        if child.tag != "br":
            parts[-1].append(child)
        if not breaks:
            _append_text(parts[-1], tail)
    return parts


def table_fragment(table: HtmlElement, caption: str = "") -> tuple[Fragment, bool]:
    """A table as a block if its cells are plain text, else as rich text; and whether bold or italic type was lost."""
    caption = caption or " ".join(words(found) for found in table.findall("caption"))
    html = markup(table)
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table"), None) is table]
    cells = [cell for row in rows for cell in row if cell.tag in ("td", "th")]
    spans = any(cell.get(name, "1").strip() not in ("", "0", "1") for cell in cells for name in ("colspan", "rowspan"))
    rich = any(
        next(cell.iterdescendants("a", "ul", "ol", "table", "pre", "blockquote", "img"), None) is not None
        for cell in cells
    )
    if spans or rich or not cells:
        return Fragment(html), False
    values = [[words(cell) for cell in row if cell.tag in ("td", "th")] for row in rows]
    width = max(map(len, values))
    values = [row + [""] * (width - len(row)) for row in values if any(row)]
    text = csv_of(values)
    if not values or rows_of(text) != values:
        return Fragment(html), False
    header = bool(rows) and all(cell.tag == "th" for cell in rows[0])
    block = {"type": "table", "caption": caption, "csv": text, "header": header}
    return Fragment(html, block=block), any(
        next(cell.iterdescendants("strong", "b", "em", "i", "code"), None) is not None for cell in cells
    )


def blocks_of(fragments: list[Fragment]) -> list[Block]:
    """The blocks of a document. Adjacent fragments of HTML become one rich text, cleaned for storage."""
    blocks: list[Block] = []
    run: list[str] = []

    def finish() -> None:
        html = clean("\n".join(run)).strip()
        run.clear()
        if text_of(html) or "<hr" in html:
            blocks.append({"type": "richtext", "html": html})

    for fragment in fragments:
        if fragment.block is None:
            run.append(fragment.html)
        else:
            finish()
            blocks.append(fragment.block)
    finish()
    return blocks


def sources_of(blocks: list[Block]) -> list[str]:
    """The addresses of the pictures in some blocks."""
    found = []
    for block in blocks:
        if block["type"] == "image":
            found.append(block["src"])
        elif block["type"] == "gallery":
            found += [image["src"] for image in block["images"]]
    return found


def _shell(element: HtmlElement) -> HtmlElement:
    return lxml_html.Element(element.tag, dict(element.attrib))


def _append_text(element: HtmlElement, text: str | None) -> None:
    if not text:
        return
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def remember_link(wrapper: HtmlElement, media: HtmlElement) -> None:
    """Have a picture or player know the innermost link around it."""
    if wrapper.tag == "a" and wrapper.get("href") and not media.get("data-link"):
        media.set("data-link", wrapper.get("href"))
        media.set("data-link-rel", wrapper.get("rel") or "")
        media.set("data-link-own", wrapper.get("data-own-file") or "")
