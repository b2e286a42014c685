"""Conversion of another system's HTML to the blocks of a canonical document."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from lxml import html as lxml_html
from lxml.html import HtmlElement

from articles.importing.html import faq_detection, vendor_markup
from articles.importing.html.code import code_fragment
from articles.importing.html.embeds import embed_url, web_url
from articles.importing.html.fragments import (
    HEADINGS,
    MEDIA_TAGS,
    Block,
    Fragment,
    blocks_of,
    classes,
    has_media,
    markup,
    remember_link,
    split_at_breaks,
    split_at_media,
    table_fragment,
    words,
)
from articles.importing.html.images import Caption, caption_of, picture
from articles.importing.html.inline_pictures import WITHIN
from articles.importing.html.links import make_local
from articles.importing.html.normalize import WRAPPERS, normalize, plain_paragraphs
from articles.importing.posts import ConversionNotes
from core.lib.html import INLINE_TAGS

# A single paragraph or heading that contains no link.
_LINE = re.compile(r"(<(?:p|h[2-4])>)((?:(?!<(?:a|p|h[2-4])\b).)*)(</(?:p|h[2-4])>)", re.DOTALL)
_WITHIN_LINES = INLINE_TAGS | MEDIA_TAGS | {"source"}


@dataclass(slots=True)
class Converted:
    """The blocks of a text, and separately those of the disclaimer it ended with."""

    blocks: list[Block]
    disclaimer: list[Block] = field(default_factory=list)


def convert(html: str, notes: ConversionNotes, *, site: str = "", page: str = "") -> Converted:
    """Turn HTML into blocks. Links to the address `site` become paths on this site; `page` is where the text was.

    The blocks contain every word that a reader saw; should any be missing, the notes name them.
    """
    root = normalize(html, notes)
    if root is None:
        notes.changed["elements nested hundreds deep: kept as plain paragraphs"] += 1
        return Converted(blocks_of([Fragment(plain_paragraphs(html))]))
    make_local(root, site, page, notes)
    before = words(root)
    walker = Walker(notes)
    found = faq_detection.detect(list(walker.fragments(root)), notes, walker.set_aside)
    converted = Converted(blocks_of(found.fragments), blocks_of(found.disclaimer))
    _count_words(before, converted, walker.set_aside, notes)
    return converted


class Walker:
    """Walks a normalized tree and yields its fragments in reading order."""

    def __init__(self, notes: ConversionNotes) -> None:
        self.notes = notes
        self.set_aside: list[str] = []
        self._handlers: dict[str, Callable[[HtmlElement], Iterator[Fragment]]] = {
            "p": self.paragraph,
            "ul": self.flow,
            "ol": self.flow,
            "dl": self.flow,
            "blockquote": self.quote,
            "pre": self.code,
            "table": self.table,
            "figure": self.figure,
            "figcaption": self.paragraph,
            "details": self.toggle,
            "iframe": self.player,
            "video": self.recording,
            "audio": self.recording,
            "img": self.image,
            "hr": lambda element: iter([Fragment("<hr>")]),
            "li": self.stray_item,
            "a": self.link,
        } | dict.fromkeys(HEADINGS, self.heading)

    def fragments(self, parent: HtmlElement) -> Iterator[Fragment]:
        """The fragments of an element's content. Loose words between blocks become paragraphs."""
        loose = lxml_html.Element("p")
        loose.text = parent.text
        for child in list(parent):
            tail, child.tail = child.tail, None
            if self._is_inline(child):
                child.tail = tail
                loose.append(child)
                continue
            yield from self.paragraph(loose)
            yield from self.element(child)
            loose = lxml_html.Element("p")
            loose.text = tail
        yield from self.paragraph(loose)

    def element(self, element: HtmlElement) -> Iterator[Fragment]:
        if card := vendor_markup.card_for(element):
            yield from card(self, element)
        elif handler := self._handlers.get(element.tag):
            yield from handler(element)
        else:
            yield from self.fragments(element)

    def paragraph(self, element: HtmlElement) -> Iterator[Fragment]:
        if _holds_blocks(element):
            yield from self.fragments(element)
            return
        below = self._lift_inline(element)
        for part in split_at_media(element) if has_media(element) else [element]:
            if part.tag in MEDIA_TAGS:
                yield from self.element(part)
                continue
            divided = split_at_breaks(part)
            if len(divided) > 1:
                self.notes.changed["paragraphs divided where two line breaks stood"] += len(divided) - 1
            yield from filter(None, map(self._paragraph_fragment, divided))
        for part in below:
            yield from self.element(part)

    def _paragraph_fragment(self, element: HtmlElement) -> Fragment | None:
        text = words(element)
        if not text:
            return None
        if (url := embed_url(text)) and " " not in text:
            return self.embed(url, text)
        if web_url(text) and " " not in text and next(element.iter("a"), None) is None:
            self.notes.changed["addresses on a line of their own became links"] += 1
            return Fragment(f'<p><a href="{escape(text)}">{escape(text, quote=False)}</a></p>')
        element.tag = "p"
        html = markup(element)
        return Fragment(
            re.sub(
                r"^<p[^>]*>\s*(?:<br>\s*)*|\s*(?:<br>\s*)*</p>$",
                lambda m: "<p>" if m[0].startswith("<p") else "</p>",
                html,
            )
        )

    def heading(self, element: HtmlElement) -> Iterator[Fragment]:
        level = HEADINGS[element.tag]
        for part in split_at_media(element) if has_media(element) else [element]:
            if part.tag in MEDIA_TAGS:
                yield from self.element(part)
            elif text := words(part):
                _make_inline(part)
                html = markup(part) if len(text) <= 300 else f"<p>{escape(text, quote=False)}</p>"
                yield Fragment(html, level if len(text) <= 300 else 0)

    def flow(self, element: HtmlElement) -> Iterator[Fragment]:
        """A list, kept as it is, with its pictures below it."""
        media = self._lift_media(element)
        if words(element):
            _open_wrappers(element)
            yield Fragment(markup(element))
        for part in media:
            yield from self.element(part)

    def stray_item(self, element: HtmlElement) -> Iterator[Fragment]:
        listing = lxml_html.Element("ul")
        listing.append(element)
        yield from self.flow(listing)

    def quote(self, element: HtmlElement) -> Iterator[Fragment]:
        if url := vendor_markup.quoted_post(element):
            self.set_aside.append(words(element))
            yield self.embed(url, words(element))
            return
        media = self._lift_media(element)
        if not words(element):
            pass
        elif _holds_blocks(element):
            yield Fragment(
                "<blockquote>" + "".join(fragment.html for fragment in self.fragments(element)) + "</blockquote>"
            )
        else:
            element.tag = "p"
            yield Fragment(f"<blockquote>{markup(element)}</blockquote>")
        for part in media:
            yield from self.element(part)

    def code(self, element: HtmlElement) -> Iterator[Fragment]:
        if "wp-block-verse" in classes(element):
            element.tag = "p"
            yield Fragment(markup(element).replace("\n", "<br>"))
        elif element.text_content().strip():
            yield code_fragment(element)

    def table(self, element: HtmlElement, caption: str = "") -> Iterator[Fragment]:
        media = self._lift_media(element)
        linked = [found for found in element.findall("caption") if next(found.iter("a"), None) is not None]
        for found in linked:
            found.drop_tree()
        _open_wrappers(element)
        fragment, flattened = table_fragment(element, caption)
        if flattened:
            self.notes.changed["bold, italic or code in table cells made plain"] += 1
        if fragment.text or fragment.block:
            yield fragment
        for found in linked:  # a caption has no links here
            yield from self.fragments(found)
        for part in media:
            yield from self.element(part)

    def figure(self, element: HtmlElement) -> Iterator[Fragment]:
        caption = caption_of(element)
        page = element.get("data-page-url") or ""
        found = list(self.fragments(element))
        if not found and (url := embed_url(page)):
            found = [self.embed(url)]
        images = [fragment.block for fragment in found if fragment.block and fragment.block["type"] == "image"]
        alone = found[0].block if len(found) == 1 and caption.text else None
        if alone and images and not caption.links:
            alone["caption"] = caption.text
        elif alone and alone["type"] == "table" and not caption.links:
            alone["caption"] = alone["caption"] or caption.text
        else:
            found += self.below(caption)
        yield from found

    def below(self, caption: Caption) -> Iterator[Fragment]:
        """A caption, with its links, as text."""
        for element in caption.elements:
            yield from self.fragments(element)

    def toggle(self, element: HtmlElement) -> Iterator[Fragment]:
        summary = element.find("summary")
        title = ""
        if summary is not None:
            title = words(summary)
            tail, summary.text = summary.tail, None
            for child in list(summary):
                summary.remove(child)
            summary.drop_tag()
            del tail
        yield from vendor_markup.toggle(self, title, element)

    def link(self, element: HtmlElement) -> Iterator[Fragment]:
        """A link around blocks: each line in it becomes a link, and each picture remembers the address."""
        address = element.get("href") or ""
        for media in element.iterdescendants("img"):
            remember_link(element, media)
        for fragment in self.fragments(element):
            line = _LINE.fullmatch(fragment.html)
            if address and line and fragment.block is None:
                fragment.html = f'{line[1]}<a href="{escape(address)}">{line[2]}</a>{line[3]}'
            elif address and fragment.text and "<a " not in fragment.html:
                self.notes.lost[f"a link around several lines, to {address[:200]}"] += 1
            yield fragment

    def image(self, element: HtmlElement) -> Iterator[Fragment]:
        found = picture(element, self.notes)
        if isinstance(found, str):
            if found:
                yield Fragment(f"<p>{escape(found, quote=False)}</p>")
        elif found:
            yield Fragment("", block=found)

    def player(self, element: HtmlElement) -> Iterator[Fragment]:
        address = next(
            (
                value
                for name in ("src", "data-src", "data-lazy-src")
                if (value := element.get(name)) and value != "about:blank"
            ),
            "",
        )
        if url := embed_url(address):
            yield self.embed(url)
        elif url := web_url(address):
            self.notes.lost[f"frames of {urlsplit(url).hostname} became links: not on the list of embeds"] += 1
            title = element.get("title") or url
            yield Fragment(f'<p><a href="{escape(url)}">{escape(title, quote=False)}</a></p>')
        else:
            self.notes.lost["frames without an address removed"] += 1

    def recording(self, element: HtmlElement) -> Iterator[Fragment]:
        source = element.get("src") or ""
        self.set_aside.append(words(element))  # browsers show it only where they cannot play
        if source and not source.startswith(("data:", "blob:")):
            self.notes.lost[f"{element.tag} files became links"] += 1
            label = source.rsplit("/", 1)[-1].split("?")[0] or source
            yield Fragment(f'<p><a href="{escape(source)}">{escape(label, quote=False)}</a></p>')
        else:
            self.notes.lost[f"{element.tag} without a file removed"] += 1

    def embed(self, url: str, shown: str = "") -> Fragment:
        self.notes.changed["players became embeds that load when clicked"] += 1
        self.set_aside.append(shown)
        return Fragment(
            f'<p><a href="{escape(url)}">{escape(url, quote=False)}</a></p>', block={"type": "embed", "url": url}
        )

    def _lift_media(self, element: HtmlElement) -> list[HtmlElement]:
        media = list(element.iterdescendants(*MEDIA_TAGS))
        for part in media:
            around = list(part.iterancestors("a"))
            for link in around:
                remember_link(link, part)
            part.drop_tree()
            _drop_empty(around)
        if media:
            self.notes.changed["pictures and players inside lists, quotes and tables set below them"] += len(media)
        return media

    def _lift_inline(self, element: HtmlElement) -> list[HtmlElement]:
        """Take the pictures that stand within a sentence out of it, with the links around them."""
        found = [image for image in element.iterdescendants("img") if image.get(WITHIN) is not None]
        for image in found:
            around = list(image.iterancestors("a"))
            for link in around:
                remember_link(link, image)
            previous = image.getprevious()
            before = image.getparent().text if previous is None else previous.tail
            if (before or "").endswith(" "):
                image.tail = (image.tail or "").lstrip(" ")
            image.drop_tree()
            _drop_empty(around)
        if found:
            self.notes.changed["pictures within sentences set below them"] += len(found)
        return found

    @staticmethod
    def _is_inline(element: HtmlElement) -> bool:
        if element.tag in MEDIA_TAGS:
            return element.tag == "img"
        return element.tag in INLINE_TAGS and not _holds_blocks(element)


def _holds_blocks(element: HtmlElement) -> bool:
    """Whether an element contains block elements other than media."""
    return any(inner.tag not in _WITHIN_LINES for inner in element.iterdescendants())


def _drop_empty(links: list[HtmlElement]) -> None:
    """Remove links in which nothing is left to press; what a link leads to from elsewhere stays."""
    for link in links:
        if link.get("href") and not (link.get("id") or link.get("name")) and not words(link) and not has_media(link):
            link.drop_tree()


def _open_wrappers(element: HtmlElement) -> None:
    """Inside a list or table, turn wrappers of inline content into paragraphs and remove all others."""
    for wrapper in reversed(list(element.iterdescendants(*WRAPPERS))):
        if all(child.tag in INLINE_TAGS for child in wrapper):
            wrapper.tag = "p"
        else:
            wrapper.drop_tag()
    for empty in [found for found in element.iterdescendants("p") if not len(found) and not (found.text or "").strip()]:
        empty.drop_tag()


def _make_inline(heading: HtmlElement) -> None:
    """Unwrap the elements that may not be part of a heading."""
    for element in [found for found in heading.iterdescendants() if found.tag not in INLINE_TAGS]:
        element.text = " " + (element.text or "")
        element.tail = " " + (element.tail or "")
        element.drop_tag()


_WORD = re.compile(r"\w+")


def _count_words(before: str, converted: Converted, set_aside: list[str], notes: ConversionNotes) -> None:
    """Report words of the source that are neither in the blocks nor deliberately set aside."""
    there = Counter(_WORD.findall(before))
    found = Counter(_WORD.findall(words_of([*converted.blocks, *converted.disclaimer])))
    found.update(_WORD.findall(" ".join(set_aside)))
    lost = list(there - found)
    # Two words that met without a space, and stand apart now, are both there.
    if lost and Counter("".join((there - found).elements())) - Counter("".join((found - there).elements())):
        notes.lost["words that found no place: " + " ".join(lost[:12]) + (" …" if len(lost) > 12 else "")] += 1


def words_of(blocks: list[Block]) -> str:
    """The words of some blocks as one text."""
    texts = []
    for block in blocks:
        for key, value in block.items():
            if isinstance(value, list):
                texts.append(words_of([entry for entry in value if isinstance(entry, dict)]))
            elif isinstance(value, str) and key not in ("type", "src", "link"):
                texts.append(words(value) if key in ("html", "answer") else value)
    return "\n".join(texts)
