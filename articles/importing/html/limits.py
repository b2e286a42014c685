"""The limits of the desk, enforced on imported blocks: words that do not fit into a block are kept beside it."""

import re
from html import escape
from typing import Any

from django.core.exceptions import ValidationError

from articles.blocks import Image, clean_data
from articles.document_schema import LIMITS, MAX_BLOCKS, SEO_LIMITS
from articles.importing.html.fragments import Block, sources_of
from articles.importing.html.to_blocks import words_of
from articles.importing.posts import ConversionNotes
from core.lib.html import text_of
from core.lib.text import one_line, storable

CAPTION, ALT, CREDIT, QUESTION = 400, 400, 200, 300


def enforce(blocks: list[Block], notes: ConversionNotes, *, join: bool = True) -> list[Block]:
    """The blocks in canonical form, adjacent texts joined. An invalid block is replaced by its words."""
    allowed: list[Block] = []
    for block in blocks:
        for part in _parts(block, notes):
            try:
                data = clean_data(part["type"], {key: value for key, value in part.items() if key != "type"})
            except ValidationError as error:
                allowed += _as_words(part, error, notes)
            else:
                allowed.append({"type": part["type"], **data})
    return _few_enough(_joined(allowed) if join else allowed, notes)


def line(text: str, limit: int, what: str, notes: ConversionNotes) -> str:
    """One line, shortened to `limit` characters between two words."""
    text = one_line(text)
    if len(text) <= limit:
        return text
    notes.changed[f"{what} shortened to {limit} characters"] += 1
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"


def head(title: str, standfirst: str, seo: tuple[str, str], notes: ConversionNotes) -> dict[str, Any]:
    """The title, standfirst and SEO lines of a document, each within its limit."""
    return {
        "title": line(title, LIMITS["title"], "titles", notes),
        "standfirst": line(
            text_of(standfirst) if "<" in standfirst else standfirst, LIMITS["standfirst"], "summaries", notes
        ),
        "seo": {
            name: line(value, SEO_LIMITS[name], f"{name}s for search", notes)
            for name, value in zip(("title", "description"), seo, strict=True)
        },
    }


def image(entry: dict[str, Any], notes: ConversionNotes) -> tuple[dict[str, Any], str]:
    """An image with its lines within their limits and a link that can be published, and apart a caption that is too long."""
    rest = ""
    entry = dict(entry)
    if len(caption := one_line(entry.get("caption") or "")) > CAPTION:
        entry["caption"], rest = "", caption
    entry["alt"] = line(entry.get("alt") or "", ALT, "alternative texts", notes)
    entry["credit"] = line(entry.get("credit") or "", CREDIT, "credits", notes)
    if link := entry.get("link"):
        try:
            entry["link"] = Image.base_fields["link"].clean(link)
        except ValidationError:
            notes.lost[f"a link around a picture, to {entry.pop('link')[:200]}, which cannot be published"] += 1
    return entry, rest


def _parts(block: Block, notes: ConversionNotes) -> list[Block]:
    """A block, split if it holds more than a block may."""
    kind = block["type"]
    if kind == "image":
        entry, rest = image(block, notes)
        return [entry, _paragraph(rest)] if rest else [entry]
    if kind == "gallery":
        images, captions = [], []
        for one in block["images"]:
            entry, rest = image(one, notes)
            images.append(entry)
            captions += [_paragraph(rest)] if rest else []
        return [{**block, "images": images}, *captions] if images else captions
    if kind == "faq" and len(block["question"]) > QUESTION:
        return [
            {
                "type": "richtext",
                "html": f"<p><strong>{escape(block['question'], quote=False)}</strong></p>{block['answer']}",
            }
        ]
    if kind in ("richtext", "callout") and not text_of(block["html"]) and "<hr" not in block["html"]:
        return []
    return [{key: storable(value) if isinstance(value, str) else value for key, value in block.items()}]


def _as_words(block: Block, error: ValidationError, notes: ConversionNotes) -> list[Block]:
    """The words of a refused block as rich text."""
    reason = re.sub(r"“[^”]*”", "“…”", " ".join(error.messages))
    if block["type"] in ("image", "gallery") and not words_of([block]).strip():
        notes.lost[f"pictures left out: {reason}"] += 1
        return []
    notes.changed[f"a {block['type']} block kept as plain text: {reason}"] += 1
    return [_paragraph(text) for text in words_of([block]).split("\n") if text.strip()]


def _paragraph(text: str) -> Block:
    return {"type": "richtext", "html": f"<p>{escape(text, quote=False)}</p>"}


def _joined(blocks: list[Block]) -> list[Block]:
    """The blocks with adjacent rich texts joined."""
    out: list[Block] = []
    for block in blocks:
        if out and block["type"] == out[-1]["type"] == "richtext":
            out[-1] = {"type": "richtext", "html": f"{out[-1]['html']}\n{block['html']}"}
        else:
            out.append(block)
    return out


def _few_enough(blocks: list[Block], notes: ConversionNotes) -> list[Block]:
    if len(blocks) <= MAX_BLOCKS:
        return blocks
    notes.changed[f"blocks after the {MAX_BLOCKS - 1}th joined into one text"] += 1
    if lost := len(sources_of(blocks[MAX_BLOCKS - 1 :])):
        notes.lost[f"pictures beyond the {MAX_BLOCKS} blocks that an article may have"] += lost
    rest = [_paragraph(text) for text in words_of(blocks[MAX_BLOCKS - 1 :]).split("\n") if text.strip()]
    return [*blocks[: MAX_BLOCKS - 1], *_joined(rest)]
