"""Safe HTML: an allow-list for what editors, importers and sponsors submit, and what is made from it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape

import nh3
from django.core.exceptions import ValidationError
from django.utils.html import linebreaks

from core.lib.links import direct, with_scheme
from core.lib.slugs import slug_of
from core.lib.text import storable, visible

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
    "small": {"data-footnote"},
    "blockquote": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
ALLOWED_SCHEMES = {"http", "https", "mailto", "sms", "tel"}
SCRIPTS = {"data", "javascript", "vbscript"}
ALLOWED_RELS = {"nofollow", "sponsored", "ugc", "noopener", "noreferrer", "author", "license"}
MAX_DEPTH = 1000
ANCHOR = 60  # characters of a heading's anchor
CLOSED_BY_THE_NEXT = frozenset(["br", "col", "dd", "dt", "hr", "img", "input", "li", "p", "td", "th", "tr", "wbr"])
_HREF = re.compile(r"""<a\s(?:[^>"']|"[^"]*"|'[^']*')*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_LINK = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)
_PORTED = re.compile(r"""(\bhref\s*=\s*["']?\s*)([a-z0-9.-]+\.[a-z]{2,24}:\d{1,5}(?=[/?#"'\s>]))""", re.IGNORECASE)
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_CITED = re.compile(r"https?://|/(?!/)", re.IGNORECASE)
_OWN_ADDRESS = re.compile(r'(?<=[\s])((?:href|src|cite|poster)=")(/(?!/)|#)')
_SRCSET = re.compile(r'(?<=\s)srcset="([^"]*)"')
_HEADING = re.compile(r"<(h[2-4])>(.*?)</\1>", re.DOTALL)
_NOTE_NUMBER = re.compile(r'<sup class="note-number">.*?</sup>', re.DOTALL)
_CODE = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
_EMPTY = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>\s*")
_SPACES = re.compile(r"(?: *&nbsp;){2,} *| +&nbsp; *|&nbsp; +")
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6]|tr|blockquote|figcaption|pre|dd|dt)>|<br\s*/?>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]>", re.IGNORECASE)
_BLOCK = re.compile(r"</(?:p|div|h[2-4]|ul|ol|blockquote|pre|table|dl|figure|section)>|<hr", re.IGNORECASE)
_EDGE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_TAG = re.compile(r"<[^>]*>")
# Hebrew, Arabic and the other scripts that run from right to left, and the parts of a text that may be in one.
_FROM_THE_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_PART = re.compile(
    r"<(?:p|h[2-4]|[uo]l|li|dl|dt|dd|blockquote|figcaption|caption|th|td|summary)(?=[\s>])(?![^>]*\sdir=)"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of a contents list: level 2 to 4, the anchor, the words."""

    level: int
    id: str
    text: str


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "rel":
        return " ".join(word for word in value.lower().split() if word in ALLOWED_RELS) or None
    if name == "cite":  # the cleaner looks at the schemes of href alone
        return value if _CITED.match(value) else None
    if name == "href":
        return direct(value)
    return "" if name == "data-footnote" else value


def lost_addresses(html: str) -> list[str]:
    """The addresses that `clean` takes away from links, apart from scripts, which nobody typed as an address."""
    found = (unescape("".join(groups)) for groups in _HREF.findall(html))
    schemes = ((address, _SCHEME.match(with_scheme(address))) for address in dict.fromkeys(found))
    return [address for address, scheme in schemes if scheme and scheme[1].lower() not in ALLOWED_SCHEMES | SCRIPTS]


def refuse_lost_addresses(html: str) -> None:
    """Raise a ValidationError that names each address which `clean` would take away."""
    if lost := lost_addresses(html):
        raise ValidationError(
            [
                f"A link to “{address[:100]}” cannot be published. Write a web address (https://…), a path of this site "
                "(/…), mailto:, tel: or sms:, or remove the link."
                for address in lost
            ]
        )


def clean(html: str) -> str:
    """Return the HTML with only what readers may be sent. Cleaning twice changes nothing."""
    if _depth(html) > MAX_DEPTH:  # the parser takes hours over it; nobody means it
        html = "".join(f"<p>{escape(line, quote=False)}</p>" for line in text_of(html).splitlines())
    cleaned = _cleaned(storable(html))
    # A control character may have been written as &#1; and without it an address may be another: clean what is left.
    return cleaned if (kept := storable(cleaned)) == cleaned else _cleaned(kept)


def of_plain(text: str) -> str:
    """Cleaned HTML of what is HTML with paragraphs, and of plain text, in which an empty line starts a new paragraph."""
    return (
        clean(text) if _BLOCK.search(text) else str(linebreaks(storable(text), autoescape=True)) if text.strip() else ""
    )


def in_blocks(html: str) -> str:
    """Cleaned HTML as a paragraph, if it has no blocks, so that nobody takes it for plain text."""
    return html if not html.strip() or _BLOCK.search(html) else f"<p>{html}</p>"


def tidied(html: str) -> str:
    """Cleaned HTML without empty paragraphs, chains of spaces and characters that nobody sees; code stays as it is."""
    parts = _CODE.split(visible(html))
    return "".join(part if number % 2 else _SPACES.sub(" ", _EMPTY.sub("", part)) for number, part in enumerate(parts))


def _depth(html: str) -> int:
    depth = deepest = 0
    for closing, name in _EDGE.findall(html):
        if name.lower() not in CLOSED_BY_THE_NEXT:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _cleaned(html: str) -> str:
    # The cleaner would take the name of a site before a port for a scheme that it does not know.
    return nh3.clean(
        _LINK.sub(lambda link: _PORTED.sub(r"\1https://\2", link[0]), html),
        tags=ALLOWED_TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "object", "title", "textarea"},
        attributes=ALLOWED_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=ALLOWED_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def text_of(html: str) -> str:
    """The plain words of some HTML, a line for each block; the cells of a row are told apart."""
    html = _CELL_END.sub(" ", _BLOCK_END.sub("\n", html))
    end = html.rfind(">") + 1  # what opens after it never closes, and need not be searched from every "<"
    text = unescape(_TAG.sub("", html[:end]) + html[end:])
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def absolute_addresses(html: str, *, site: str, page: str) -> str:
    """Return rendered HTML that also works elsewhere: addresses of the site's own and anchors of the page in full."""

    def candidates(match: re.Match[str]) -> str:
        found = (one.strip() for one in match[1].split(", "))
        return f'srcset="{", ".join(site + one if one.startswith("/") else one for one in found)}"'

    html = _OWN_ADDRESS.sub(lambda match: match[1] + (page if match[2] == "#" else site) + match[2], html)
    return _SRCSET.sub(candidates, html)


def with_anchors(html: str, taken: Iterable[str] = ()) -> tuple[str, list[Heading]]:
    """Give every h2 to h4 of cleaned HTML an id that is not among `taken`; return both the HTML and the headings."""
    ids, headings, numbers = set(taken), [], Counter[str]()

    def anchored(match: re.Match[str]) -> str:
        tag, inner = match.groups()
        text = text_of(_NOTE_NUMBER.sub("", inner)).replace("\n", " ")  # a footnote's number is none of its words
        base = slug_of(text, ANCHOR, otherwise="section")
        anchor = base
        while anchor in ids:
            numbers[base] += 1
            anchor = f"{base}-{numbers[base] + 1}"
        ids.add(anchor)
        headings.append(Heading(int(tag[1]), anchor, text))
        return f'<{tag} id="{escape(anchor)}">{inner}</{tag}>'

    return _HEADING.sub(anchored, html), headings


def with_directions(html: str) -> str:
    """Have the browser find the direction of every paragraph, list and cell, where any of them may run from the right."""
    return _PART.sub(lambda match: f'{match[0]} dir="auto"', html) if _FROM_THE_RIGHT.search(html) else html
