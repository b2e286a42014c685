"""Any HTML as a clean tree: parsed as a browser would, without scripts, wrappers, stray spaces or empty elements."""

import re
from html import escape, unescape

import nh3
from lxml import html as lxml_html
from lxml.html import HtmlElement

from articles.importing.html.delimited import replace_pairs
from articles.importing.html.notes import join_notes
from articles.importing.posts import ConversionNotes
from core.lib.html import ALLOWED_SCHEMES, ALLOWED_TAGS, ANCHOR, INLINE_TAGS
from core.lib.slugs import slug_of
from core.lib.text import storable, visible

MAX_DEPTH = 200
MEDIA_TAGS = frozenset(["img", "iframe", "video", "audio"])
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
_SPACES = re.compile(r"[ \t\n\f\x85\u2028\u2029]+")
# A joiner belongs between two characters of some scripts or two emoji; anywhere else it is a leftover.
_STRAY_JOINER = re.compile(r"(?<![^\x00-\u02ff\s])\u200d|\u200d(?![^\x00-\u02ff\s])")
# A no-break space belongs before a unit and in French punctuation; elsewhere it came with the clipboard.
_STRAY_NBSP = re.compile(r"(?<![\d«])[\u00a0\u202f](?![\d»;:!?%€])")


# The label of a link from a footnote back to the text.
_WAY_BACK = re.compile(r"[\u21a9\u2191\u2934\ufe0e\ufe0f^\u21b5]+|back(?: to text)?|jump up", re.IGNORECASE)


def normalize(html: str, notes: ConversionNotes) -> HtmlElement | None:
    """A tree of known elements inside a div, or None if the HTML is nested unreasonably deeply."""
    html = storable(html)
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
    root = parse(html)
    join_notes(root, notes)
    _point_within_the_page(root, notes)
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


def _point_within_the_page(root: HtmlElement, notes: ConversionNotes) -> None:
    """Point links to a heading at its new anchor. Remove contents lists, and links within the page that lead nowhere."""
    anchors = {}
    for element in root.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        anchor = slug_of(element.text_content(), ANCHOR)
        for holder in element.iter():
            for name in filter(None, (holder.get("id"), holder.get("name"))):
                anchors[name] = anchor
    for listing in list(root.iter("ul", "ol")):
        links = listing.findall(".//a")
        words = sum(len(link.text_content().strip()) for link in links)
        inside = all((link.get("href") or "").startswith("#") for link in links) and _is_no_footnote(links)
        if inside and words >= 0.9 * len("".join(listing.text_content().split())) and listing.getparent() is not None:
            listing.drop_tree()
            notes.changed["contents lists removed: the page makes its own"] += 1
    for link in list(root.iter("a")):
        href = (link.get("href") or "").strip()
        if href.startswith("#") and _WAY_BACK.fullmatch(link.text_content().strip()):
            link.drop_tree()
            continue
        if href.startswith("#") and anchors.get(href[1:]):
            link.set("href", "#" + anchors[href[1:]])
        elif not href or href.startswith("#") or href.lower().startswith("data:"):
            link.drop_tag()


def _is_no_footnote(links: list[HtmlElement]) -> bool:
    """Whether there are several links, none of which leads to or from a footnote."""
    return len(links) > 1 and not any(
        (a.get("href") or "").startswith(("#fn", "#_ftn", "#cite", "#ref", "#easy-footnote")) for a in links
    )


def _rename(root: HtmlElement, notes: ConversionNotes) -> None:
    for element in list(root.iter(*_RENAMED)):
        if element.tag == "h1":
            notes.changed["headings of level 1 made level 2, below the title"] += 1
        element.tag = _RENAMED[element.tag]
    for element in list(root.iter(*INLINE_WRAPPERS)):
        if element.get("class", "").find("schema-faq") < 0:
            element.drop_tag()
    for element in list(root.iter("source")):
        if element.getparent().tag not in ("video", "audio"):
            element.drop_tree()


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
    """Remove spaces at the beginning and end of lines, which browsers do not show."""
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
        elif element.tag == "br":
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
