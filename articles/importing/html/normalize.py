"""Any HTML as a clean tree: parsed as a browser would, without scripts, wrappers, stray spaces or empty elements."""

import re
from html import escape, unescape

import nh3
from lxml import html as lxml_html
from lxml.html import HtmlElement

from articles.importing.html.code import open_code
from articles.importing.html.delimited import replace_pairs
from articles.importing.html.fragments import MEDIA_TAGS
from articles.importing.html.inline_pictures import settle_pictures
from articles.importing.html.links import point_within_the_page
from articles.importing.html.notes import join_notes
from articles.importing.html.players import with_players
from articles.importing.posts import ConversionNotes
from core.lib.html import ALLOWED_SCHEMES, ALLOWED_TAGS, INLINE_TAGS, lost_addresses
from core.lib.text import storable, visible

MAX_DEPTH = 200
WRAPPERS = frozenset(
    [
        "article",
        "aside",
        "center",
        "div",
        "footer",
        "header",
        "main",
        "nav",
        "section",
        "address",
        "fieldset",
        "form",
        "hgroup",
    ]
)
INLINE_WRAPPERS = frozenset(
    ["font", "span", "big", "tt", "label", "bdi", "bdo", "var", "samp", "dfn", "data", "picture", "button"]
)
DROPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "object",
        "embed",
        "title",
        "textarea",
        "select",
        "svg",
        "math",
        "canvas",
        "head",
    ]
)
_KEPT = (
    set(ALLOWED_TAGS)
    | MEDIA_TAGS
    | WRAPPERS
    | INLINE_WRAPPERS
    | {"h1", "h5", "h6", "details", "summary", "source", "strike", "acronym", "menu", "dir"}
)
_ATTRIBUTES = {
    "*": {"class", "id", "name", "role"},
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title", "srcset", "width", "height"},
    "code": {"lang"},
    "pre": {"lang"},
    "iframe": {"src", "title", "srcdoc"},
    "video": {"src", "poster"},
    "audio": {"src"},
    "source": {"src", "srcset", "type"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "abbr": {"title"},
}
_SCHEMES = ALLOWED_SCHEMES | {"data"}
_RENAMED = {
    "h1": "h2",
    "h5": "h4",
    "h6": "h4",
    "strike": "s",
    "acronym": "abbr",
    "menu": "ul",
    "dir": "ul",
    "tt": "code",
    "samp": "code",
    "var": "em",
    "dfn": "em",
}
_BLOCK_EDGE = re.compile(r"</?(?:p|div|li|ul|ol|h[1-6]|tr|blockquote|pre|section|article|br)\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>?")
_UNSEEN = re.compile(r"<(script|style)\b", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b")
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_CLOSES_ITSELF = _VOID | {"p", "li", "dt", "dd", "td", "th", "tr", "option", "thead", "tbody", "tfoot"}
_HOSTILE = (
    ("scripts removed", re.compile(r"<script\b", re.IGNORECASE)),
    ("event handlers removed", re.compile(r"<[a-z][^<>]*\son[a-z]{3,20}\s*=", re.IGNORECASE)),
    (
        "links that run a script removed",
        re.compile(r"=\s*[\"']?\s*(?:javascript|vbscript|data:text/html)\s*[:;,]", re.IGNORECASE),
    ),
    ("objects and embeds without a known player removed", re.compile(r"<(?:object|embed|applet)\b", re.IGNORECASE)),
    ("forms opened: their fields are gone, their words stay", re.compile(r"<form\b", re.IGNORECASE)),
)
_LISTS = frozenset(["ul", "ol", "dl", "table", "thead", "tbody", "tfoot", "tr"])
_LINES = frozenset(["p", "h2", "h3", "h4", "li", "td", "th", "dt", "dd", "figcaption", "summary", "caption"])
_SOURCE = re.compile(r"<source\b[^<>]*>", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\f\x85\u2028\u2029]+")
# A joiner belongs between two characters of some scripts or two emoji; anywhere else it is a leftover.
_STRAY_JOINER = re.compile(r"(?<![^\x00-\u02ff\s])\u200d|\u200d(?![^\x00-\u02ff\s])")
# A no-break space belongs before a unit and in French punctuation; elsewhere it came with the clipboard.
_STRAY_NBSP = re.compile(r"(?<![\d«])[\u00a0\u202f](?![\d»;:!?%€])")


def normalize(html: str, notes: ConversionNotes) -> HtmlElement | None:
    """A tree of known elements inside a div, or None if the HTML is nested unreasonably deeply."""
    html = with_players(storable(html), notes)
    for address in lost_addresses(html):
        notes.lost[f"a link to {address[:100]}, which is of a kind that cannot be published (its words are kept)"] += 1
    for sentence, pattern in _HOSTILE:
        if found := len(pattern.findall(html)):
            notes.changed[sentence] += found
    if _depth(html) > 10 * MAX_DEPTH:
        return None
    html = nh3.clean(
        html,
        tags=_KEPT,
        clean_content_tags=set(DROPPED),
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-"},
        url_schemes=_SCHEMES,
        link_rel=None,
    )
    if _depth(html) > MAX_DEPTH:
        return None
    # The tree's parser does not know that this tag encloses nothing, and would put what follows into it.
    root = parse(_SOURCE.sub(r"\g<0></source>", html))
    _settle_sources(root)
    settle_pictures(root, notes)
    open_code(root)
    join_notes(root, notes)
    point_within_the_page(root, notes)
    _rename(root, notes)
    _tidy_words(root)
    _drop_empty(root)
    _trim(root)
    return root


def parse(html: str) -> HtmlElement:
    """Well-formed HTML as a tree inside a div. `huge_tree` keeps the parser from dropping long texts."""
    parser = lxml_html.HTMLParser(huge_tree=True, encoding="utf-8")
    return lxml_html.fragment_fromstring(html.encode(), create_parent="div", parser=parser)


def plain_paragraphs(html: str) -> str:
    """The words of HTML as paragraphs, without parsing it."""
    html = replace_pairs(storable(html), _UNSEEN, lambda match: rf"</{match[1]}\s*>", lambda *_: " ")
    text = _ANY_TAG.sub("", _BLOCK_EDGE.sub("\n", html))
    lines = (" ".join(line.split()) for line in unescape(text).split("\n"))
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line)


def _depth(html: str) -> int:
    depth = deepest = 0
    for tag in _TAG.finditer(html):
        closing, name = tag.groups()
        if name.lower() in _CLOSES_ITSELF:
            continue
        depth = max(depth - 1, 0) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _rename(root: HtmlElement, notes: ConversionNotes) -> None:
    for element in list(root.iter(*_RENAMED)):
        if element.tag == "h1":
            notes.changed["headings of level 1 made level 2, below the title"] += 1
        element.tag = _RENAMED[element.tag]
    for element in list(root.iter(*INLINE_WRAPPERS)):
        if element.get("class", "").find("schema-faq") < 0:
            element.drop_tag()


def _settle_sources(root: HtmlElement) -> None:
    """Give each `picture` one image, and each player the address of its first source."""
    for element in root.iter("picture"):
        sources = list(element.iter("source"))
        image = next(element.iter("img"), None)
        if image is None and sources:
            image = lxml_html.Element("img")
            element.append(image)
        if image is not None and sources and not (image.get("src") or image.get("srcset") or image.get("data-src")):
            image.set(
                "srcset", next(filter(None, (found.get("srcset") or found.get("data-srcset") for found in sources)), "")
            )
    for element in root.iter("video", "audio"):
        if not element.get("src"):
            found = next((source.get("src") for source in element.iter("source") if source.get("src")), "")
            element.set("src", found or element.get("data-src", ""))
    for source in list(root.iter("source")):
        source.drop_tree()


def _tidy_words(root: HtmlElement) -> None:
    # The sets hold the elements themselves: an id alone may be another element's by the time it is asked for.
    code = {inner for pre in root.iter("pre") for inner in pre.iter()}
    outermost = {pre for pre in root.iter("pre") if next(pre.iterancestors("pre"), None) is None}
    for element in root.iter():
        if element.text and element not in code:
            element.text = _words(element.text)
        if element.tail and (element not in code or element in outermost):
            element.tail = _words(element.tail)


def _trim(root: HtmlElement) -> None:
    """Remove spaces at the beginning and end of lines, which browsers do not show: in code they do."""
    in_code = {line_break for code in root.iter("pre", "code") for line_break in code.iter("br")}
    for element in root.iter():
        if element.tag in _LISTS:
            element.text = (element.text or "").strip() or None
            for child in element:
                child.tail = (child.tail or "").strip() or None
        elif element.tag in _LINES:
            element.text = (element.text or "").lstrip(" ")
            if len(element):
                element[-1].tail = (element[-1].tail or "").rstrip(" ")
            else:
                element.text = element.text.rstrip(" ")
        elif element.tag == "br" and element not in in_code:
            element.tail = (element.tail or "").lstrip(" ")


def _words(text: str) -> str:
    text = _STRAY_JOINER.sub("", visible(storable(text)))
    return _SPACES.sub(" ", _STRAY_NBSP.sub(" ", text))


def _drop_empty(root: HtmlElement) -> None:
    """Remove elements that show nothing, from the inside out."""
    for element in reversed(list(root.iterdescendants())):
        if (
            element.tag
            in INLINE_TAGS | {"p", "h2", "h3", "h4", "li", "ul", "ol", "blockquote", "figcaption", "dt", "dd", "dl"}
            and element.tag != "br"
        ):
            if not "".join(element.itertext()).strip() and element.find(".//*") is None:
                if element.text or (element.tag in INLINE_TAGS):
                    element.tail = (element.text or "") + (element.tail or "")
                element.drop_tree()
            elif (
                element.tag in ("p", "h2", "h3", "h4")
                and not element.text_content().strip()
                and all(child.tag == "br" for child in element.iterdescendants())
            ):
                element.drop_tree()
    for heading in root.iter("h2", "h3", "h4"):
        for bold in list(heading.iter("strong", "b", "u")):
            bold.drop_tag()
