"""The reader of beehiiv's CSV of posts, whose texts are whole mails in tables."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from articles.importing.archives import ZipFiles, files_beside, main_file
from articles.importing.markup import by_class, inner, parsed, remove
from articles.importing.posts import (
    ARCHIVED,
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
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
from articles.importing.values import moment_or_none
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

COLUMNS = {"web_title", "content_html"}
_PAID = ("premium", "all premium subscribers", "all paid subscribers")
_BLOCKS = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "img", "table", "blockquote", "hr", "figure", "iframe", "div"]
)
_CELLS = frozenset(["table", "tbody", "thead", "tr", "td", "th"])
MEMBERS = "posts for members only became drafts, because everyone can read what is published here"


def read_beehiiv(path: Path, encoding: str | None = None) -> Export:
    """The posts of a beehiiv export. Raises ImportRefused."""
    data, files = main_file(path, "posts.csv") if _has_posts(path) else main_file(path, ".csv")
    rows = records(data, encoding)
    address = next((found for row in rows if (found := row.cells.get("url", "")).startswith("http")), "")
    parts = urlsplit(address)
    site = f"{parts.scheme}://{parts.netloc}" if address else ""
    return Export("beehiiv", _posts(rows), total=len(rows), site=site, files=files)


def _has_posts(path: Path) -> bool:
    files = files_beside(path)
    return isinstance(files, ZipFiles) and any(name.endswith("posts.csv") for name in files.names())


def _posts(rows: list[Record]) -> Iterator[Post | Refusal]:
    for row in rows:
        yield attempt(partial(_post, row), row.where, one_line(row.cells.get("web_title", "")))


def _post(row: Record) -> Post:
    title, address, body = one_line(row.get("web_title", "email_subject_line")), row.get("url"), row.get("content_html")
    name = urlsplit(address).path.rstrip("/").rsplit("/", 1)[-1] or row.get("slug")
    if not title and not name:
        raise PostRefused("The title is missing.")
    if len(body) > MAX_BODY:
        raise PostRefused(f"Its text is {len(body) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
    post = Post(
        storable(row.get("id") or name or slug_of(title)),
        title or "Untitled",
        where=row.where,
        slug=slug_of(name or title),
    )
    post.html = beehiiv_html(storable(body), title, post.notes)
    post.standfirst = one_line(row.get("web_subtitle", "email_preview_text"))
    post.tags = list(
        dict.fromkeys(found for text in re.split(r"\s*[;,]\s*", row.get("content_tags")) if (found := term(text)))
    )
    post.authors = [who for text in re.split(r"\s*[;,]\s*", row.get("authors", "author")) if (who := person(text))]
    if picture := row.get("thumbnail_url"):
        plain = picture.lstrip("/")
        post.cover = Cover(
            f"https://media.beehiiv.com/cdn-cgi/image/quality=100/{plain}" if plain.startswith("uploads/") else picture
        )
    _set_state(post, row)
    post.old_urls = [urlsplit(address).path] if address else []
    return post


def _set_state(post: Post, row: Record) -> None:
    when = row.get("published_at", "publish_date", "scheduled_at", "displayed_date", "created_at")
    post.published_at = moment_or_none(when, post.notes, "date of publication")
    status = row.get("status").lower()
    post.status = {"confirmed": PUBLISHED, "published": PUBLISHED, "scheduled": SCHEDULED, "archived": ARCHIVED}.get(
        status, DRAFT
    )
    if post.status == PUBLISHED and row.get("audience", "web_audiences").lower() in _PAID:
        post.status = DRAFT
        post.notes.changed[MEMBERS] += 1


def beehiiv_html(text: str, title: str, notes: ConversionNotes) -> str:
    """The text out of the mail around it, without the tables that only lay it out."""
    root = parsed(text)
    found = next((each for each in root.iter() if each.get("id") == "content-blocks"), None)
    if found is None and (blocks := by_class(root, "rendered-post", "dream-post-content-doc")):
        found = blocks[0]
    content = found if found is not None else root[0]
    notes.lost["sign-up forms"] += remove(list(content.iter("form")))
    notes.lost += type(notes.lost)()
    for cell in reversed([each for each in content.iter() if each is not content and each.tag in _CELLS]):
        if cell.getparent() is not None and _lays_out(cell):
            cell.tail = f" {cell.tail or ''}"
            cell.drop_tag()
    heading = next(content.iter("h1"), None)
    if heading is not None and one_line(heading.text_content()) == title:
        remove([heading])
    return inner(content)


def _lays_out(cell: HtmlElement) -> bool:
    """Whether a part of a table is there for the mail's look: a table of data has several cells in a row, of words alone."""
    table = cell if cell.tag == "table" else next(cell.iterancestors("table"), None)
    if table is None:
        return True
    widths = [sum(1 for each in row if each.tag in ("td", "th")) for row in table.iter("tr")]
    return max(widths, default=0) < 2 or any(
        each.tag in _BLOCKS and each.tag != "p" for td in table.iter("td") for each in td.iterdescendants()
    )
