"""Pictures in other systems' HTML: lazy loading, `srcset`, captions, emoji and tracking pixels."""

import re
from html import escape
from typing import NamedTuple

from lxml.html import HtmlElement

from articles.importing.html.fragments import Block, classes, words
from articles.importing.posts import ConversionNotes

# What Webflow writes for an alternative text that is inherited, or for a decorative picture.
_NO_ALT = {"__wf_reserved_inherit", "__wf_reserved_decorative"}
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-orig-file", "data-full-url")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?)(?:\?|$)", re.IGNORECASE)
_VERSION = re.compile(r"(?:-\d{2,5}x\d{2,5}|-scaled|-rotated|-e\d{6,})+(?=\.\w{3,4}$)")
_EDITED = re.compile(r"-rotated|-e\d{6,}")


class Picture(NamedTuple):
    """A picture that an export lists separately from its texts."""

    src: str
    alt: str = ""
    caption: str = ""
    link: str = ""


def figure_of(found: Picture) -> str:
    """A picture as the HTML of a figure."""
    shown = f'<img src="{escape(found.src)}" alt="{escape(found.alt)}">'
    if found.link:
        shown = f'<a href="{escape(found.link)}">{shown}</a>'
    caption = f"<figcaption>{escape(found.caption, quote=False)}</figcaption>" if found.caption else ""
    return f"<figure>{shown}{caption}</figure>"


def picture(element: HtmlElement, notes: ConversionNotes) -> Block | str | None:
    """An image block, the character of an emoji that is drawn as a picture, or None for a tracking pixel."""
    alt = " ".join((element.get("alt") or "").split())
    if classes(element) & {"emoji", "wp-smiley"}:
        return alt
    src = _source(element)
    if not src or element.get("width", "").strip() in ("0", "1") or element.get("height", "").strip() in ("0", "1"):
        notes.lost["pictures without an address, or of one pixel, removed"] += 1
        return None
    src, link = _leading(element, src, notes)
    return image_block(src, "" if alt in _NO_ALT else alt, link=link)


def _leading(element: HtmlElement, src: str, notes: ConversionNotes) -> tuple[str, str]:
    """The address of a picture, or of its larger version if it was a link to that; and where else it leads."""
    link, rel = element.get("data-link", "").strip(), set(element.get("data-link-rel", "").split())
    if not link:
        return src, ""
    if "attachment_id=" in link or any(each == "attachment" or each.startswith("wp-att") for each in rel):
        notes.changed["links of pictures to a page that showed the same picture, left out"] += 1
        return src, ""
    if _PICTURE_FILE.search(link):
        if _plain_name(link) == _plain_name(src):
            return (link if _EDITED.findall(link) == _EDITED.findall(src) else src), ""
        if element.get("data-link-own"):
            notes.lost["links of pictures to other picture files of the old site, left out"] += 1
            return src, ""
    if marks := rel & {"sponsored", "nofollow", "ugc"}:
        notes.lost[f"“{' '.join(sorted(marks))}” of links around pictures, which lead there without it"] += 1
    return src, link


def image_block(src: str, alt: str = "", caption: str = "", credit: str = "", link: str = "") -> Block:
    block = {"type": "image", "src": src, "alt": alt, "caption": caption, "credit": credit}
    return {**block, "link": link} if link else block


class Caption(NamedTuple):
    """The caption of a figure: as plain text, the addresses that it links to, and as it was."""

    text: str
    links: list[str]
    elements: list[HtmlElement]


def caption_of(figure: HtmlElement) -> Caption:
    """Remove the caption from a figure and return it."""
    captions = [found for found in figure.iter("figcaption") if next(found.iterancestors("figure"), None) is figure]
    links = [link.get("href") or "" for found in captions for link in found.iter("a") if link.get("href")]
    for found in captions:
        found.drop_tree()
    return Caption(" ".join(filter(None, map(words, captions))), links, captions)


def _source(element: HtmlElement) -> str:
    lazy = next((value.strip() for name in _LAZY if (value := element.get(name))), "")
    src = (element.get("src") or "").strip()
    if lazy and (not src or src.startswith("data:") or "placeholder" in src or src.endswith(".svg")):
        return lazy
    if src and not (src.startswith("data:") and element.get("srcset")):
        return src
    return _largest(element.get("srcset") or element.get("data-srcset") or "") or src or lazy


def _largest(srcset: str) -> str:
    """The widest candidate of a srcset."""
    best, width = "", -1.0
    for candidate in re.split(r",\s+", srcset.strip()):
        address, _, size = candidate.strip().partition(" ")
        number = re.match(r"[\d.]+", size.strip())
        if address and float(number[0] if number and number[0] != "." else 0) > width:
            best, width = address, float(number[0] if number else 0)
    return best


def _plain_name(address: str) -> str:
    """The name of a picture's file without what WordPress adds to those of smaller and edited versions."""
    return _VERSION.sub("", address.rsplit("/", 1)[-1].split("?", maxsplit=1)[0])
