"""Footnotes of other systems: a number in the text and a note below it that link to each other become a footnote of ours."""

import copy
import re
from urllib.parse import unquote

from lxml import html as lxml_html
from lxml.html import HtmlElement

from articles.importing.posts import ConversionNotes

_BLOCKS = (
    "ul",
    "ol",
    "dl",
    "table",
    "pre",
    "blockquote",
    "figure",
    "img",
    "iframe",
    "video",
    "audio",
    "h2",
    "h3",
    "h4",
)
_HEADING = re.compile(r"(?:foot|end)?notes:?", re.IGNORECASE)


def join_notes(root: HtmlElement, notes: ConversionNotes) -> None:
    """Put each note into the text where its number stands."""
    places = {element: number for number, element in enumerate(root.iter())}
    named: dict[str, HtmlElement] = {}
    for element in places:
        for name in filter(None, (element.get("id"), element.get("name"))):
            named.setdefault(name, element)
    targets = {
        link: named[name]
        for link in places
        if link.tag == "a" and (name := unquote((link.get("href") or "").partition("#")[2])) in named
        and (link.get("href") or "").startswith("#")
    }  # fmt: skip
    pairs = [
        (link, note)
        for link, target in targets.items()
        if (note := _note_of(link, target, targets, places)) is not None
    ]
    texts = {note: _words_of(note, targets) for note in dict.fromkeys(note for _, note in pairs)}
    for link, note in pairs:
        _replace(_place(link), copy.deepcopy(texts[note]))
    for note in texts:
        _remove(note)
    if pairs:
        notes.changed["footnotes that became footnotes here"] += len(texts)


def _place(link: HtmlElement) -> HtmlElement:
    return next(link.iterancestors("sup"), link)


def _note_of(
    link: HtmlElement, target: HtmlElement, targets: dict[HtmlElement, HtmlElement], places: dict[HtmlElement, int]
) -> HtmlElement | None:
    """The note that a number leads to, if it comes later, leads back, and is a text of its own."""
    note = (
        target if target.tag in ("li", "p", "div", "dd") else next(target.iterancestors("li", "p", "div", "dd"), None)
    )
    if note is not None and note.tag == "p" and (item := next(note.iterancestors("li"), None)) is not None:
        note = item
    if note is None or note.getparent() is None or places[note] < places[link] or link in set(note.iter()):
        return None
    place = _place(link)
    around = {*place.iter(), *link.iterancestors("sup", "span", "p")}
    if not any(targets.get(other) in around for other in note.iter("a")):
        return None
    return None if next(note.iter(*_BLOCKS), None) is not None else note


def _words_of(note: HtmlElement, targets: dict[HtmlElement, HtmlElement]) -> HtmlElement:
    """What a note says, as a footnote of ours, without its way back."""
    words = copy.deepcopy(note)
    for original, link in zip(list(note.iter("a")), list(words.iter("a")), strict=True):
        if original in targets:
            _place(link).drop_tree()
    words.tag, words.tail = "small", None
    for number, paragraph in enumerate(list(words.iter("p"))):
        if number and paragraph.text_content().strip():
            paragraph.addprevious(lxml_html.Element("br"))
        paragraph.drop_tag()
    for wrapper in list(words.iter("div", "section")):
        wrapper.drop_tag()
    words.attrib.clear()
    words.set("data-footnote", "")
    if words.text:
        words.text = words.text.lstrip()
    if len(words):
        words[-1].tail = (words[-1].tail or "").rstrip()
    else:
        words.text = (words.text or "").rstrip()
    return words


def _replace(place: HtmlElement, words: HtmlElement) -> None:
    words.tail = place.tail
    place.getparent().replace(place, words)


def _remove(note: HtmlElement) -> None:
    """Take a note out, and the list, the line and the heading that are left of its place."""
    around = note.getparent()
    note.drop_tree()
    while around.getparent() is not None and around.tag in ("ol", "ul", "dl", "section", "div", "aside"):
        if around.text_content().strip() or any(child.tag not in ("hr", "p", "br") for child in around):
            return
        before, parent = around.getprevious(), around.getparent()
        around.drop_tree()
        while before is not None and (before.tag == "hr" or _is_heading(before)):
            before, gone = before.getprevious(), before
            gone.drop_tree()
        around = parent


def _is_heading(element: HtmlElement) -> bool:
    is_heading = str(element.tag) in ("h1", "h2", "h3", "h4", "h5", "h6")
    return is_heading and bool(_HEADING.fullmatch(element.text_content().strip()))
