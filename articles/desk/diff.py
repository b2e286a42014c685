"""The differences between two versions of an article, side by side, with the changed words marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from articles.blocks import KINDS
from articles.document_schema import BlockData, Document
from core.lib.html import text_of

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
MAX_WORDS = 6000
PARTS = {
    "title": "Title", "slug": "Slug", "standfirst": "Standfirst", "category": "Category", "authors": "Authors",
    "tags": "Tags", "seo": "For search", "cta": "Call-to-action card", "cover": "Cover", "reading_minutes": "Reading time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a document in both versions, the differences marked with <del> and <ins>."""

    label: str
    before: SafeString
    after: SafeString
    changed: bool


def changes(before: Document, after: Document) -> list[Change]:
    """Every part that is in either version, in the order of the later one."""
    found = [_change(label, old, new) for label, old, new in _parts(before, after)]
    return [change for change in found if change.before or change.after]


def _parts(before: Document, after: Document) -> Iterator[tuple[str, str, str]]:
    for name, label in PARTS.items():
        yield label, _plain(before.get(name)), _plain(after.get(name))
    old, new = before["blocks"], after["blocks"]
    matcher = SequenceMatcher(a=[_block(part) for part in old], b=[_block(part) for part in new], autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "replace":
            yield from _paired(old[a1:a2], new[b1:b2])
            continue
        for offset in range(max(a2 - a1, b2 - b1)):
            left = old[a1 + offset] if a1 + offset < a2 else None
            right = new[b1 + offset] if b1 + offset < b2 else None
            yield _label(right or left), _block(left), _block(right)


def _paired(old: list[BlockData], new: list[BlockData]) -> Iterator[tuple[str, str, str]]:
    """Pair each rewritten block with the old block of its kind that it most likely replaces."""
    left = list(old)
    for part in new:
        match = next((other for other in left if other["type"] == part["type"]), None)
        while match and left[0] is not match:
            gone = left.pop(0)
            yield _label(gone), _block(gone), ""
        if match:
            left.pop(0)
        yield _label(part), _block(match), _block(part)
    for gone in left:
        yield _label(gone), _block(gone), ""


def _label(part: BlockData | None) -> str:
    kind = part["type"] if part else ""
    return KINDS[kind].block_name if kind in KINDS else kind


def _block(part: BlockData | None) -> str:
    """The text of a block, one line per value."""
    if not part or part["type"] not in KINDS:
        return "\n".join(_plain(value) for key, value in (part or {}).items() if key != "type")
    fields = KINDS[part["type"]].base_fields
    lines = [
        str(field.label) if part[name] is True else _plain(part[name])
        for name, field in fields.items()
        if part.get(name)
    ]
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return "\n".join(filter(None, (_plain(item) for item in value.values())))
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    text = str(value).replace("\r\n", "\n")
    return text_of(" ".join(text.split())) if "</" in text else text


def _change(label: str, before: str, after: str) -> Change:
    if before == after:
        same = _shown(escape(after))
        return Change(label, same, same, changed=False)
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) + len(new) > MAX_WORDS:
        return Change(label, _shown(_marked("del", before)), _shown(_marked("ins", after)), changed=True)
    left, right = [], []
    for tag, a1, a2, b1, b2 in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        was, now = "".join(old[a1:a2]), "".join(new[b1:b2])
        left.append(escape(was) if tag == "equal" else _marked("del", was))
        right.append(escape(now) if tag == "equal" else _marked("ins", now))
    return Change(label, _shown("".join(left)), _shown("".join(right)), changed=True)


def _marked(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>" if text else ""


def _shown(html: str) -> SafeString:
    return mark_safe(html.replace("\n", "<br>"))
