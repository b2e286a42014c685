"""The reader of Wix's CSV of blog posts, whose texts are rich content: JSON of nodes."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from articles.importing.archives import main_file
from articles.importing.html.images import Picture, figure_of
from articles.importing.posts import (
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    ConversionNotes,
    Cover,
    Export,
    Post,
    PostRefused,
    Refusal,
    attempt,
    person,
    term,
)
from articles.importing.tables import Record, records
from articles.importing.values import moment_or_none, truth
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

COLUMNS = {"title", "rich_content"}
_MOST_DEEP = 60
_PICTURE = re.compile(r"wix:(?:image|video)://v1/([^/#]+)")
_TAGS = {
    "BOLD": "strong",
    "ITALIC": "em",
    "UNDERLINE": "u",
    "STRIKETHROUGH": "s",
    "SUPERSCRIPT": "sup",
    "SUBSCRIPT": "sub",
}
_AROUND = {
    "BLOCKQUOTE": "blockquote",
    "BULLETED_LIST": "ul",
    "ORDERED_LIST": "ol",
    "LIST_ITEM": "li",
    "TABLE_ROW": "tr",
    "TABLE_CELL": "td",
    "TABLE": "table",
    "COLLAPSIBLE_ITEM_TITLE": "h3",
}


def read_wix(path: Path, encoding: str | None = None) -> Export:
    """The posts of a Wix export. Raises ImportRefused."""
    data, files = main_file(path, ".csv")
    rows = records(data, encoding)
    export = Export("wix", _posts(rows), total=len(rows), files=files)
    export.remarks.append(
        "Wix's file does not say where the blog was. Say the address of the old site, for the links to it."
    )
    return export


def _posts(rows: list[Record]) -> Iterator[Post | Refusal]:
    for row in rows:
        yield attempt(partial(_post, row), row.where, one_line(row.cells.get("title", "")))


def _post(row: Record) -> Post:
    title, address = one_line(row.get("title")), row.get("post_page_url")
    slug = row.get("slug") or address.rstrip("/").rsplit("/", 1)[-1]
    rich, plain = row.get("rich_content"), row.get("plain_content")
    if not title and not slug:
        raise PostRefused("The title is missing.")
    if len(rich) > MAX_BODY:
        raise PostRefused(f"Its text is {len(rich) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
    post = Post(
        storable(row.get("id", "internal_id") or slug), title or slug, where=row.where, slug=slug_of(slug or title)
    )
    post.html = storable(_html(rich, plain, post.notes))
    post.standfirst = one_line(row.get("excerpt"))
    categories = _terms(row.get("main_category")) + _terms(row.get("categories"))
    post.category = categories[0] if categories else None
    tags = [found for found in _terms(row.get("tags")) if not re.fullmatch(r"[0-9a-f-]{20,}|tag-id", found.slug)]
    post.tags = list(dict.fromkeys([*(each for each in categories[1:] if each != post.category), *tags]))
    post.authors = [who for text in re.split(r"\s*[;,]\s*", row.get("author")) if (who := person(text))]
    if picture := row.get("cover_image"):
        post.cover = Cover(_media(picture))
    post.featured = truth(row.get("featured"))
    post.published_at = moment_or_none(row.get("published_date"), post.notes, "date of publication")
    post.updated_at = moment_or_none(row.get("last_published_date"), post.notes, "date of the last change")
    post.status = PUBLISHED if post.published_at else DRAFT
    post.old_urls = [address] if address else [f"/post/{slug}"]
    return post


def _terms(cell: str) -> list[Any]:
    try:
        found = json.loads(cell) if cell.startswith("[") else re.split(r"\s*[;,]\s*", cell)
    except ValueError:
        found = []
    return [made for text in found if (made := term(str(text)))]


def _media(address: str) -> str:
    """The address of a picture that Wix names in its own way."""
    found = _PICTURE.match(address)
    name = found[1] if found else address
    return address if "://" in name else f"https://static.wixstatic.com/media/{name}"


def _html(rich: str, plain: str, notes: ConversionNotes) -> str:
    try:
        nodes = json.loads(rich)["nodes"]
    except (ValueError, TypeError, KeyError, RecursionError):
        if rich:
            notes.changed["texts whose rich content cannot be read came as plain words"] += 1
        return "".join(f"<p>{escape(line, quote=False)}</p>" for line in plain.splitlines() if line.strip())
    return _all(nodes, notes, 0)


def _all(nodes: Any, notes: ConversionNotes, depth: int) -> str:
    if depth > _MOST_DEEP:
        raise PostRefused("Its text is nested too deeply.")
    found = nodes if isinstance(nodes, list) else []
    return "".join(_node(node, notes, depth) for node in found if isinstance(node, dict))


def _node(node: dict[str, Any], notes: ConversionNotes, depth: int) -> str:
    kind = str(node.get("type") or "")
    inside = _all(node.get("nodes"), notes, depth + 1)
    if kind == "TEXT":
        return _text(_about(node, "textData"))
    if kind == "HEADING":
        level = _about(node, "headingData").get("level")
        level = level if level in (1, 2, 3, 4, 5, 6) else 2
        return f"<h{level}>{inside}</h{level}>"
    if kind == "PARAGRAPH":
        return f"<p>{inside}</p>" if inside.strip() else ""
    if kind == "CODE_BLOCK":
        return f"<pre><code>{inside}</code></pre>"
    if kind in _AROUND:
        return f"<{_AROUND[kind]}>{inside}</{_AROUND[kind]}>"
    if kind == "DIVIDER":
        return "<hr>"
    if kind in _CARDS:
        return _CARDS[kind](node) + inside
    if kind and not inside and kind not in ("COLLAPSIBLE_LIST", "COLLAPSIBLE_ITEM", "COLLAPSIBLE_ITEM_BODY", "CAPTION"):
        notes.lost[f"parts of Wix's “{kind.lower()[:40]}”"] += 1
    return f"<p>{inside}</p>" if kind == "CAPTION" and inside else inside


def _about(node: dict[str, Any], name: str) -> dict[str, Any]:
    found = node.get(name)
    return found if isinstance(found, dict) else {}


def _text(about: dict[str, Any]) -> str:
    made = escape(str(about.get("text") or ""), quote=False).replace("\n", "<br>")
    found = about.get("decorations")
    for decoration in found if isinstance(found, list) else []:
        kind = str(decoration.get("type") or "") if isinstance(decoration, dict) else ""
        if kind in _TAGS:
            made = f"<{_TAGS[kind]}>{made}</{_TAGS[kind]}>"
        elif kind == "LINK" and (address := _linked(_about(decoration, "linkData").get("link"))):
            made = f'<a href="{escape(address)}">{made}</a>'
        elif kind == "ANCHOR" and (anchor := _about(decoration, "anchorData").get("anchor")):
            made = f'<a href="#{escape(str(anchor))}">{made}</a>'
    return made


def _linked(link: Any) -> str:
    return (
        str(link.get("url") or (f"#{link['anchor']}" if link.get("anchor") else "")) if isinstance(link, dict) else ""
    )


def _source(about: Any) -> str:
    """The address of a file, in one of the ways that Wix names it."""
    found = about.get("src") if isinstance(about, dict) else {}
    found = found if isinstance(found, dict) else {"id": found}
    named = str(found.get("url") or found.get("id") or "")
    return _media(named) if named else ""


def _image(node: dict[str, Any]) -> str:
    about = _about(node, "imageData")
    address = _source(about.get("image"))
    caption = str(about.get("caption") or "")
    shown = Picture(address, str(about.get("altText") or ""), caption, _linked(about.get("link")))
    return figure_of(shown) if address else ""


def _gallery(node: dict[str, Any]) -> str:
    said = _about(node, "galleryData").get("items")
    items = [each for each in (said if isinstance(said, list) else []) if isinstance(each, dict)]
    found = [
        Picture(
            _source(_about(each, "image").get("media") or each.get("image")),
            str(each.get("altText") or ""),
            link=_linked(_about(each, "image").get("link")),
        )
        for each in items
    ]
    return "".join(figure_of(each) for each in found if each.src)


def _to(label: str, address: str) -> str:
    return f'<p><a href="{escape(address)}">{escape(label or address, quote=False)}</a></p>' if address else ""


def _video(node: dict[str, Any]) -> str:
    address = _source(_about(node, "videoData").get("video"))
    return _to("", address.replace("media/", "video/", 1) if "wixstatic" in address else address)


def _frame(node: dict[str, Any]) -> str:
    about = _about(node, "htmlData")
    return str(about.get("html") or "") or _to("", str(about.get("url") or ""))


_CARDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "IMAGE": _image,
    "GALLERY": _gallery,
    "VIDEO": _video,
    "AUDIO": lambda node: _to(str(_about(node, "audioData").get("name") or ""), _source(_about(node, "audioData").get("audio"))),
    "FILE": lambda node: _to(str(_about(node, "fileData").get("name") or ""), _source(_about(node, "fileData"))),
    "HTML": _frame,
    "EMBED": lambda node: _to("", str(_about(node, "embedData").get("src") or "")),
    "BUTTON": lambda node: _to(str(_about(node, "buttonData").get("text") or ""), _linked(_about(node, "buttonData").get("link"))),
    "LINK_PREVIEW": lambda node: _to(str(_about(node, "linkPreviewData").get("title") or ""), _linked(_about(node, "linkPreviewData").get("link"))),
}  # fmt: skip
