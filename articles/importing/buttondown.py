"""The reader of Buttondown's exports: emails as JSON or CSV, alone or in the zip with a Markdown file for each."""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from articles.importing.archives import ZipFiles, files_beside
from articles.importing.decoding import decode
from articles.importing.markdown.render import markdown_html
from articles.importing.posts import (
    ARCHIVED,
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
    Export,
    ImportRefused,
    Post,
    PostRefused,
    Refusal,
    attempt,
    term,
)
from articles.importing.tables import Record, records
from articles.importing.values import moment_or_none
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

_STATES = {
    "draft": DRAFT,
    "scheduled": SCHEDULED,
    "about_to_send": SCHEDULED,
    "managed_by_rss": DRAFT,
    "suppressed": ARCHIVED,
}
_MODE = re.compile(r"^\s*<!--\s*buttondown-editor-mode:\s*(\w+)\s*-->")
MEMBERS = "posts for members only became drafts, because everyone can read what is published here"


def is_buttondown(rows: Any) -> bool:
    """Whether JSON is Buttondown's: a list of mails, or a page of its API."""
    rows = rows.get("results") if isinstance(rows, dict) else rows
    first = rows[0] if isinstance(rows, list) and rows else None
    return (
        isinstance(first, dict)
        and "subject" in first
        and bool({"body", "publish_date", "secondary_id", "email_type"} & first.keys())
    )


def is_buttondown_zip(names: list[str]) -> bool:
    return any(re.search(r"(?:^|/)emails\.(?:csv|json)$", name) for name in names)


def read_buttondown(path: Path, encoding: str | None = None) -> Export:
    """The mails of a Buttondown export. Raises ImportRefused."""
    files = files_beside(path)
    bodies: dict[str, str] = {}
    export = Export("buttondown", iter(()), files=files)
    if isinstance(files, ZipFiles):
        names = files.names()
        table = next((name for name in names if name.endswith("emails.json")), "") or next(
            (name for name in names if name.endswith("emails.csv")), ""
        )
        bodies = {name.rsplit("/", 1)[-1][:-3]: name for name in names if re.search(r"(?:^|/)emails/[^/]+\.md$", name)}
        data = files.read(table) or b""
    else:
        table, data = path.name, path.read_bytes()
    rows = _rows(data, encoding, is_json=data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"))
    export.total = len(rows)
    export.posts = _posts(rows, bodies, files)
    return export


def _rows(data: bytes, encoding: str | None, *, is_json: bool) -> list[Record]:
    if not is_json:
        return records(data, encoding)
    try:
        found = json.loads(decode(data, encoding)[0])
    except (json.JSONDecodeError, RecursionError) as error:
        raise ImportRefused(f"The JSON is broken ({error}). Nothing was imported; export it again.") from None
    if not is_buttondown(found):
        raise ImportRefused("This JSON is not Buttondown's: it is no list of mails with subjects.")
    rows = found["results"] if isinstance(found, dict) else found
    return [
        Record(f"mail {number}", {key: _cell(value) for key, value in row.items()})
        for number, row in enumerate(rows, 1)
        if isinstance(row, dict)
    ]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_cell(each.get("name") if isinstance(each, dict) else each) for each in value)
    return "" if value is None or isinstance(value, dict) else str(value)


def _posts(rows: list[Record], bodies: dict[str, str], files: Any) -> Iterator[Post | Refusal]:
    for row in rows:
        yield attempt(partial(_post, row, bodies, files), row.where, one_line(row.cells.get("subject", "")))


def _post(row: Record, bodies: dict[str, str], files: Any) -> Post:
    title, slug = one_line(row.get("subject")), row.get("slug")
    body = row.get("body")
    if not body and slug in bodies:
        body = decode(files.read(bodies[slug]) or b"")[0]
    if not title and not body:
        raise PostRefused("It has neither a subject nor a text.")
    if len(body) > MAX_BODY:
        raise PostRefused(f"Its text is {len(body) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
    if not body:
        raise PostRefused("The export has no text of it. Export the mails as JSON, or as the zip with a file for each.")
    post = Post(storable(row.get("id") or slug or slug_of(title)), title or "Untitled", where=row.where)
    post.slug = slug_of(slug or title)
    mode = _MODE.match(body)
    body = storable(_MODE.sub("", body))
    is_html = (mode and mode[1] == "fancy") or bool(
        re.match(r"\s*<(?:p|div|h\d|table|figure|!doctype)\b", body, re.IGNORECASE)
    )
    post.html = body if is_html else markdown_html(body)
    post.standfirst = one_line(row.get("description", "subtitle"))
    post.tags = list(dict.fromkeys(found for text in re.split(r"\s*[,;]\s*", row.get("tags")) if (found := term(text))))
    post.published_at = moment_or_none(row.get("publish_date"), post.notes, "date of publication")
    post.updated_at = moment_or_none(row.get("modification_date"), post.notes, "date of the last change")
    status = row.get("status").lower()
    post.status = _STATES.get(status, PUBLISHED if post.published_at else DRAFT)
    if row.get("email_type").lower() in ("private", "premium", "hidden") and post.status != DRAFT:
        post.status = DRAFT
        post.notes.changed[MEMBERS] += 1
    if "{{" in post.html:
        post.notes.lost["words in braces that Buttondown fills in, which stand as they are"] += post.html.count("{{")
    if slug:
        post.old_urls = [f"/archive/{slug}/"]
    return post
