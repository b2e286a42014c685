"""Shortcodes of page builders, whose attributes contain words, pictures and links."""

import base64
import binascii
import re
from collections.abc import Mapping
from html import escape
from urllib.parse import unquote

from articles.importing.html.embeds import embed_url, web_url
from articles.importing.html.images import Picture, figure_of
from articles.importing.posts import ConversionNotes

_BUILDERS = (
    "vc_",
    "et_pb_",
    "fusion_",
    "av_",
    "tatsu_",
    "mk_",
    "cs_",
    "thrive_",
    "nectar_",
    "qode_",
    "bsf-",
    "ultimate_",
)
_HEADINGS = ("title", "heading", "header", "headline", "main_heading")
_PICTURES = ("src", "image", "image_url", "img", "photo", "img_src", "logo_image_url", "picture")
_LISTS = ("images", "gallery_ids", "image_ids", "ids")
_ADDRESSES = ("button_url", "link", "url", "href", "link_url", "button_link")
_LABELS = ("button_text", "link_text", "btn_text", "label", "button_label")
_WORDS = ("text", "subhead", "subtitle", "description", "quote", "content")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)(?:\?|$)", re.IGNORECASE)


def is_builder(name: str) -> bool:
    """Whether a shortcode belongs to a page builder."""
    return name.startswith(_BUILDERS)


def module_html(name: str, values: Mapping[str, str], pictures: Mapping[str, Picture], notes: ConversionNotes) -> str:
    """The HTML of what a page builder's module shows according to its attributes. Its content follows separately."""
    notes.changed["layouts of page builders dissolved: their texts, pictures and links follow one another"] += 1
    parts = []
    title, address = _first(values, _HEADINGS), _address(_first(values, _ADDRESSES))
    label = _first(values, _LABELS)
    if address and embed_url(address):
        parts.append(f"<p>{escape(address, quote=False)}</p>")
        address = ""
    elif address and not label and re.search(r"btn|button|link", name):
        label, title = title, ""
    shown = _pictures(values, pictures, notes)
    around = "" if label else address  # where the picture leads, or else the heading
    if title and not re.search(r"section|row|column", name):
        words = escape(title, quote=False)
        linked = f'<a href="{escape(around)}">{words}</a>' if around and not shown else words
        parts.append(f"<h3>{linked}</h3>")
    parts += [figure_of(found._replace(link=around)) for found in shown]
    tag = "h3" if re.search(r"heading|title", name) else "p"
    parts += [
        f"<{tag}>{escape(values[key], quote=False)}</{tag}>" for key in _WORDS if re.search(r"\w", values.get(key, ""))
    ]
    for key in ("src", "video_url", "mp4"):
        if embed_url(values.get(key, "")):
            parts.append(f"<p>{escape(values[key], quote=False)}</p>")
    if address and label:
        parts.append(f'<p><a href="{escape(address)}">{escape(label, quote=False)}</a></p>')
    return "\n\n".join(parts)


def raw_html(inside: str) -> str:
    """The HTML that WPBakery stores in Base64."""
    try:
        return unquote(base64.b64decode(inside.strip(), validate=True).decode())
    except (binascii.Error, ValueError):
        return inside


def _first(values: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((" ".join(values[name].split()) for name in names if values.get(name, "").strip()), "")


def _address(value: str) -> str:
    """A link; WPBakery writes one as url:…|title:…|target:…"""
    if match := re.match(r"url:([^|]*)", value):
        value = unquote(match[1])
    return value if web_url(value) or re.match(r"/(?!/)", value) else ""


def _pictures(values: Mapping[str, str], pictures: Mapping[str, Picture], notes: ConversionNotes) -> list[Picture]:
    found = []
    for key in (*_PICTURES, *_LISTS):
        value = values.get(key, "")
        if web_url(value) and _PICTURE_FILE.search(value):
            found.append(Picture(value, values.get("alt", "")))
        elif re.fullmatch(r"\d+(?:\s*,\s*\d+)*", value):
            numbers = re.findall(r"\d+", value)
            found += [pictures[number] for number in numbers if number in pictures]
            if missing := sum(number not in pictures for number in numbers):
                notes.lost["pictures of a page builder that the export does not contain"] += missing
    return found
