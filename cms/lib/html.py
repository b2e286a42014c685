"""Safe HTML: an allow-list for what editors, importers and sponsors hand in, and what is made from it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape

import nh3
from django.utils.text import slugify

INLINE_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "br",
        "cite",
        "code",
        "del",
        "em",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
    ]
)
BLOCK_TAGS = frozenset(
    [
        "blockquote",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "h2",
        "h3",
        "h4",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "ul",
    ]
)
TABLE_TAGS = frozenset(["caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"])
ALLOWED_TAGS = set(INLINE_TAGS | BLOCK_TAGS | TABLE_TAGS)
ALLOWED_ATTRIBUTES = {
    "a": {"href", "title", "rel"},
    "abbr": {"title"},
    "code": {"data-language"},
    "ol": {"start", "type"},
    "pre": {"data-language"},
    "q": {"cite"},
    "blockquote": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
ALLOWED_SCHEMES = {"http", "https", "mailto"}
ALLOWED_RELS = {"nofollow", "sponsored", "ugc", "noopener", "noreferrer", "author", "license"}
_HEADING = re.compile(r"<(h[2-4])>(.*?)</\1>", re.DOTALL)
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6]|tr|blockquote|figcaption|pre|dd|dt)>|<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of a contents list: level 2 to 4, the anchor, the words."""

    level: int
    id: str
    text: str


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "rel":
        return " ".join(word for word in value.lower().split() if word in ALLOWED_RELS) or None
    return value


def clean(html: str) -> str:
    """Return the HTML with only what readers may be sent. Cleaning twice changes nothing."""
    return nh3.clean(
        html.replace("\x00", ""),
        tags=ALLOWED_TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "object", "title", "textarea"},
        attributes=ALLOWED_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=ALLOWED_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def text_of(html: str) -> str:
    """The plain words of some HTML, a line for each block."""
    text = unescape(_TAG.sub("", _BLOCK_END.sub("\n", html)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def with_anchors(html: str, taken: Iterable[str] = ()) -> tuple[str, list[Heading]]:
    """Give every h2 to h4 of cleaned HTML an id that is not among `taken`; return both the HTML and the headings."""
    ids, headings = set(taken), []

    def anchored(match: re.Match[str]) -> str:
        tag, inner = match.groups()
        text = text_of(inner).replace("\n", " ")
        base = slugify(text)[:60].strip("-") or "section"
        anchor, number = base, 1
        while anchor in ids:
            number += 1
            anchor = f"{base}-{number}"
        ids.add(anchor)
        headings.append(Heading(int(tag[1]), anchor, text))
        return f'<{tag} id="{escape(anchor)}">{inner}</{tag}>'

    return _HEADING.sub(anchored, html), headings
