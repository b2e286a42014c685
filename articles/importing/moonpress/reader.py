"""The reader of folders and zips that `export_site` wrote."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from html import escape
from typing import Any

from articles.importing.archives import FolderFiles, ZipFiles
from articles.importing.markdown.frontmatter import Head, load_yaml, split
from articles.importing.moonpress.block_markdown import is_focal, is_image, read_blocks
from articles.importing.moonpress.prose_markdown import FORMS
from articles.importing.posts import (
    Cover,
    Export,
    ImportRefused,
    Person,
    Post,
    PostRefused,
    Refusal,
    Term,
    attempt,
    name_of,
)
from articles.importing.values import moment

MARKER = "moonpress.yaml"
VERSION = 1
# Parts of a document that no other system has; they are taken as they are, and checked when it is stored.
OWN = ("kind", "part", "corrections")


def is_moonpress_export(files: FolderFiles | ZipFiles) -> bool:
    """Whether a folder or zip was written by `export_site`."""
    return files.read(MARKER) is not None


def read_moonpress(files: FolderFiles | ZipFiles, names: list[str]) -> Export:
    """The articles of such an export, and everything they refer to."""
    marker = _rows(files, MARKER)
    if not isinstance(marker, dict) or marker.get("moonpress") != VERSION:
        raise ImportRefused(f"{MARKER} does not have version {VERSION}, the only one that can be read.")
    articles = [name for name in names if name.endswith(".md") and not name.endswith(".draft.md")]
    export = Export("moonpress", iter(()), total=len(articles), files=files)
    export.categories = [
        Term(row["slug"], row["name"], row.get("description", ""), row.get("position", 0), row.get("disclaimer") or "")
        for row in _list(files, "categories.yaml")
    ]
    export.series = [Term(row["slug"], row["name"], row.get("description", "")) for row in _list(files, "series.yaml")]
    export.tags = [Term(row["slug"], row["name"]) for row in _list(files, "tags.yaml")]
    export.authors = [_person(row) for row in _list(files, "authors.yaml")]
    export.snippets = _list(files, "snippets.yaml")
    export.images = {row["file"]: row for row in _list(files, "images.yaml", "file")}
    export.redirects = [(row["from"], row["to"]) for row in _list(files, "redirects.yaml", "from", "to")]
    export.posts = _ArticleFiles(files, export).posts(articles)
    return export


def _rows(files: FolderFiles | ZipFiles, name: str) -> Any:
    try:
        return load_yaml((files.read(name) or b"").decode("utf-8"))
    except (PostRefused, UnicodeDecodeError) as error:
        raise ImportRefused(f"{name} cannot be read: {error}") from None


# The values of an entry that are no text.
_KINDS: dict[str, type] = {"position": int, "links": list, "focal": list, "decorative": bool, "tags": list}


def _list(files: FolderFiles | ZipFiles, name: str, *needed: str) -> list[dict[str, Any]]:
    rows = _rows(files, name) or []
    needed = needed or ("slug",)
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and all(isinstance(row.get(key), str) for key in needed) for row in rows
    ):
        raise ImportRefused(f"{name} should be a list of entries that each have: {', '.join(needed)}.")
    for row in rows:
        if "slug" in row:
            row.setdefault("name", name_of(row["slug"]))
        if not is_focal(row.get("focal")) or not all(
            isinstance(value, _KINDS.get(key, str)) for key, value in row.items() if value is not None
        ):
            raise ImportRefused(f"{name}: the entry “{row[needed[0]]}” has a value of the wrong kind.")
    return rows


def _person(row: dict[str, Any]) -> Person:
    links = tuple(
        (str(link.get("label")), str(link.get("url"))) for link in row.get("links") or [] if isinstance(link, dict)
    )
    return Person(
        row["slug"], row["name"], row.get("bio", ""), row.get("role", ""), row.get("portrait") or "", "", links
    )


class _ArticleFiles:
    """The Markdown files of one export."""

    def __init__(self, files: FolderFiles | ZipFiles, export: Export) -> None:
        self.files = files
        self.categories = {term.slug: term for term in export.categories}
        self.series = {term.slug: term for term in export.series}
        self.tags = {term.slug: term for term in export.tags}
        self.people = {person.slug: person for person in export.authors}

    def posts(self, names: list[str]) -> Iterator[Post | Refusal]:
        for name in names:
            yield attempt(partial(self._post, name), name)

    def _post(self, name: str) -> Post:
        head, blocks = self._read(name)
        slug = str(head.get("slug") or "")
        if not slug or not head.get("title"):
            raise PostRefused("Its front matter lacks a title or a slug.")
        given = head.get("seo")
        seo = given if isinstance(given, dict) else {}
        post = Post(
            slug, str(head["title"]), where=name, slug=slug, blocks=blocks, standfirst=_plain(head.get("standfirst"))
        )
        post.seo_title, post.seo_description = str(seo.get("title") or ""), str(seo.get("description") or "")
        post.own = _own(head, seo)
        if post.own.get("kind"):
            post.source_id = f"pages/{slug}"
        post.language = str(head.get("language") or "")
        category = str(head.get("category") or "")
        post.category = self.categories.get(category, Term(category, name_of(category))) if category else None
        series = str(head.get("series") or "")
        post.series = self.series.get(series, Term(series, name_of(series))) if series else None
        post.tags = [self.tags.get(tag, Term(tag, name_of(tag))) for tag in _slugs(head, "tags")]
        post.authors = [self.people.get(author, Person(author, name_of(author))) for author in _slugs(head, "authors")]
        post.cta = str(head["cta"]) if head.get("cta") else None
        post.cover = _cover(head.get("cover"))
        minutes = head.get("reading_minutes")
        post.reading_minutes = minutes if isinstance(minutes, int) else None
        post.status = str(head.get("state") or "draft")
        shown, planned = _moment(head, "published"), _moment(head, "publish_at")
        post.published_at, post.updated_at = shown or planned, _moment(head, "updated")
        post.changes_at = planned if shown else None
        post.ends_at = _moment(head, "unpublish_at")
        post.feed_id = str(head.get("feed_id") or "")
        later = re.sub(r"\.md$", ".draft.md", name)
        if self.files.read(later) is not None:
            later_head, later_blocks = self._read(later)
            keys = (
                "title",
                "slug",
                "standfirst",
                "language",
                "category",
                "authors",
                "tags",
                "seo",
                "cta",
                "cover",
                "reading_minutes",
                "series",
                *OWN,
            )
            post.unpublished = {key: later_head[key] for key in keys if key in later_head} | {"blocks": later_blocks}
        return post

    def _read(self, name: str) -> tuple[Head, list[dict[str, Any]]]:
        content = self.files.read(name)
        try:
            text = (content or b"").decode("utf-8")
        except UnicodeDecodeError as error:
            raise PostRefused(f"It is not UTF-8: {error}.") from None
        head, body = split(text)
        form = str(head.get("form") or FORMS[0])
        if form not in FORMS:
            raise PostRefused(f"Its form “{form}” is not one of {', '.join(FORMS)}.")
        if head.get("cover") and not is_image(head["cover"]):
            raise PostRefused("Its cover should say in words where the image is (src) and what it shows.")
        return head, read_blocks(body, form)


def _own(head: Head, seo: dict[str, Any]) -> dict[str, Any]:
    own = {key: head[key] for key in OWN if head.get(key)}
    social = {key: value for key, value in seo.items() if key not in ("title", "description") and value}
    return own | ({"seo": social} if social else {})


def _slugs(head: Head, key: str) -> list[str]:
    value = head.get(key)
    return [str(entry) for entry in value] if isinstance(value, list) else []


def _moment(head: Head, key: str) -> datetime | None:
    return moment(head.get(key), key)


def _cover(value: Any) -> Cover | None:
    if not value or not value["src"]:
        return None
    focal = value.get("focal")
    point = (float(focal[0]), float(focal[1])) if focal else None
    return Cover(
        str(value["src"]),
        str(value.get("alt") or ""),
        str(value.get("caption") or ""),
        str(value.get("credit") or ""),
        point,
    )


def _plain(words: Any) -> str:
    """Plain text, escaped so that a "<" in it is not taken for markup."""
    text = str(words or "")
    return f"<p>{escape(text, quote=False)}</p>" if "<" in text else text
