"""The reader of Kit's (ConvertKit's) broadcasts, as its API gives them: JSON with their HTML."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from articles.importing.decoding import decode
from articles.importing.posts import (
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
    Cover,
    Export,
    ImportRefused,
    Post,
    PostRefused,
    Refusal,
    attempt,
)
from articles.importing.values import moment_or_none, truth
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable


def is_kit(data: Any) -> bool:
    """Whether JSON is a page of Kit's broadcasts, or several in a list."""
    pages = data if isinstance(data, list) else [data]
    return bool(pages) and all(
        isinstance(page, dict) and isinstance(page.get("broadcasts", page.get("broadcast")), list | dict)
        for page in pages
    )


def read_kit(path: Path, encoding: str | None = None) -> Export:
    """The broadcasts. Raises ImportRefused."""
    try:
        data = json.loads(decode(path.read_bytes(), encoding)[0])
    except (json.JSONDecodeError, RecursionError) as error:
        raise ImportRefused(f"The JSON is broken ({error}). Nothing was imported.") from None
    if not is_kit(data):
        raise ImportRefused("This JSON is not Kit's: it has no broadcasts.")
    rows = list(_rows(data))
    return Export("kit", _posts(rows), total=len(rows))


def _rows(data: Any) -> Iterator[dict[str, Any]]:
    for page in data if isinstance(data, list) else [data]:
        found = page.get("broadcasts", page.get("broadcast"))
        yield from (row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict))


def _posts(rows: list[dict[str, Any]]) -> Iterator[Post | Refusal]:
    for number, row in enumerate(rows, 1):
        yield attempt(
            partial(_post, row, f"broadcast {number}"), f"broadcast {number}", one_line(str(row.get("subject") or ""))
        )


def _post(row: dict[str, Any], where: str) -> Post:
    title, body = one_line(str(row.get("subject") or "")), str(row.get("content") or "")
    if not body:
        raise PostRefused("It has no text: Kit's list of broadcasts leaves it out; ask its API for each broadcast.")
    if len(body) > MAX_BODY:
        raise PostRefused(f"Its text is {len(body) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
    post = Post(storable(str(row.get("id") or slug_of(title))), title or "Untitled", where=where, slug=slug_of(title))
    post.html = storable(body)
    post.standfirst = one_line(str(row.get("preview_text") or row.get("description") or ""))
    post.published_at = moment_or_none(row.get("published_at") or row.get("send_at"), post.notes, "date of publication")
    if address := str(row.get("thumbnail_url") or ""):
        post.cover = Cover(address, one_line(str(row.get("thumbnail_alt") or "")))
    waits = bool(row.get("send_at")) and not row.get("published_at")
    post.status = SCHEDULED if waits else PUBLISHED if post.published_at else DRAFT
    if post.status != DRAFT and "public" in row and not truth(row.get("public")):
        post.status = DRAFT
        post.notes.changed["posts that were only mailed became drafts"] += 1
    if "{{" in body:
        post.notes.lost["words in braces that Kit fills in, which stand as they are"] += body.count("{{")
    return post
