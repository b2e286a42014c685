"""Pictures inside a sentence: emoji and icons become their words, others stand below the paragraph that they would part."""

import re

from lxml.html import HtmlElement

from articles.importing.html.fragments import classes
from articles.importing.posts import ConversionNotes

WITHIN = "data-within-a-sentence"
SMALL = 40  # pixels: the height of an icon that stands for a word
_EMOJI_FILE = re.compile(
    r"/(?:emoji|emoticons|smilies|smileys|twemoji)\b|s\.w\.org/images/core/emoji|/icon_\w+\.gif", re.IGNORECASE
)
_INLINE = frozenset(["a", "abbr", "b", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u", "picture"])  # fmt: skip
_OVER = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*$")


def settle_pictures(root: HtmlElement, notes: ConversionNotes) -> None:
    """Replace emoji by their character and icons by their words; mark other pictures that stand within a sentence."""
    for image in [found for found in root.iter("img") if found.get(WITHIN) is not None]:
        del image.attrib[WITHIN]
    for image in list(root.iter("img")):
        alt = " ".join((image.get("alt") or "").split())
        if classes(image) & {"emoji", "wp-smiley"} or (
            alt and len(alt) <= 12 and _EMOJI_FILE.search(image.get("src") or "")
        ):
            _become_words(image, alt)
        elif _parts_a_sentence(image):
            if alt and _is_small(image):
                notes.lost["icons within sentences became their words"] += 1
                _become_words(image, alt)
            else:
                image.set(WITHIN, "")


def _become_words(image: HtmlElement, words: str) -> None:
    image.tail = words + (image.tail or "")
    image.drop_tree()


def _is_small(image: HtmlElement) -> bool:
    sizes = [int(found[0]) for name in ("width", "height") if (found := re.match(r"\d+", image.get(name, "").strip()))]
    return bool(sizes) and 1 < max(sizes) <= SMALL


def _parts_a_sentence(image: HtmlElement) -> bool:
    before, after = _beside(image, before=True), _beside(image, before=False)
    on_its_own_line = re.search(r"\n\s*$", before) and re.match(r"\s*\n", after)
    return bool(before.strip() and after.strip()) and not on_its_own_line and not _OVER.search(before.rstrip())


def _beside(element: HtmlElement, *, before: bool) -> str:
    """The text directly before or after an element on its line, as far as the next line break, picture or block."""
    while True:
        if text := _run(element, before=before):
            return text
        parent = element.getparent()
        neighbour = element.getprevious() if before else element.getnext()
        if neighbour is not None or parent is None or parent.tag not in _INLINE:
            return ""
        element = parent


def _run(element: HtmlElement, *, before: bool) -> str:
    """The words between an element and the first sibling that is no part of the line."""
    parts: list[str] = []
    sibling = element
    while not "".join(parts).strip():
        if before:
            previous = sibling.getprevious()
            parts.insert(0, (sibling.getparent().text if previous is None else previous.tail) or "")
            sibling = previous
        else:
            parts.append(sibling.tail or "")
            sibling = sibling.getnext()
        if sibling is None or sibling.tag not in _INLINE:
            break
        if not "".join(parts).strip():
            inner = sibling.text_content()
            parts.insert(0, inner) if before else parts.append(inner)
    return "".join(parts)
