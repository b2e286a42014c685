"""The differences between two versions of an article, side by side, with the changed words and pictures marked."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from articles.blocks import KINDS, Image
from articles.document_schema import BlockData, Document
from core.lib import merging
from core.lib.html import text_of
from core.lib.marked_words import WORD, marked_up

PARTS = {
    "title": "Title", "slug": "Slug", "standfirst": "Standfirst", "language": "Language", "category": "Category", "authors": "Authors",
    "tags": "Tags", "series": "Series", "part": "Part of the series", "seo": "For search", "cta": "Call-to-action card", "cover": "Cover", "reading_minutes": "Reading time", "corrections": "Corrections",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in one version, and whether the other has it too."""

    src: str
    alt: str
    in_both: bool

    @property
    def is_ours(self) -> bool:
        return not self.src.startswith(("http:", "https:"))


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a document in both versions, the differences marked with <del> and <ins>."""

    label: str
    before: SafeString
    after: SafeString
    changed: bool
    pictures_before: list[Picture]
    pictures_after: list[Picture]

    def __bool__(self) -> bool:
        return bool(self.before or self.after or self.pictures_before or self.pictures_after)


def changes(before: Document, after: Document) -> list[Change]:
    """Every part that is in either version, in the order of the later one."""
    old, new = before["blocks"], after["blocks"]
    found = [change_of(label, before.get(name), after.get(name)) for name, label in PARTS.items()]
    for was, now in merging.pairs(old, new, alike):
        left, right = (None if was is None else old[was]), (None if now is None else new[now])
        found.append(change_of(label_of(right or left), left, right))
    return [change for change in found if change]


def alike(one: BlockData, other: BlockData) -> float:
    """How much a block looks like a rewritten form of another: the share of words that both have."""
    if one["type"] != other["type"]:
        return 0.0
    words, others = Counter(WORD.findall(_text(one))), Counter(WORD.findall(_text(other)))
    most = max(words.total(), others.total())
    return max((words & others).total() / most, 0.01) if most else 1.0


def label_of(part: BlockData | None) -> str:
    """The name of a block's kind."""
    kind = part["type"] if part else ""
    return KINDS[kind].block_name if kind in KINDS else kind


def change_of(label: str, before: Any, after: Any) -> Change:
    """A field or a block in two versions; None where a version does not have it."""
    left, right = dict(_pictures(before)), dict(_pictures(after))
    was, now, changed = marked_up(_text(before), _text(after))
    return Change(
        label, was, now, changed or list(left) != list(right),
        [Picture(src, alt, src in right) for src, alt in left.items()],
        [Picture(src, alt, src in left) for src, alt in right.items()],
    )  # fmt: skip


def _pictures(value: Any) -> Iterator[tuple[str, str]]:
    """The sources of the pictures in a field or block, each with its alternative text."""
    if isinstance(value, Mapping):
        if src := value.get("src"):
            yield str(src), str(value.get("alt", ""))
        yield from _pictures(value.get("images"))
    elif isinstance(value, list):
        yield from (found for item in value if isinstance(item, Mapping) for found in _pictures(item))


def _text(value: Any) -> str:
    """The text of a field or a block, a line per value, in the order of its form and without paths of pictures."""
    if isinstance(value, Mapping):
        kind = KINDS.get(str(value.get("type")), Image if "src" in value else None)
        names = list(kind.base_fields) if kind else list(value)
        labels = {name: str(field.label or name) for name, field in kind.base_fields.items()} if kind else {}
        lines = [_line(name, labels.get(name, name), value[name]) for name in names if value.get(name)]
        return "\n".join(filter(None, lines))
    return _plain(value)


def _line(name: str, label: str, value: Any) -> str:
    if name in ("src", "type"):
        return ""
    if name == "images":
        return "\n".join(filter(None, map(_text, value)))
    if value is True:
        return label
    return f"{label} {_plain(value)}" if name in ("focal", "link") else _plain(value)


def _plain(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    text = str(value).replace("\r\n", "\n")
    return text_of(" ".join(text.split())) if "</" in text else text
