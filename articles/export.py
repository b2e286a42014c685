"""The export of all articles, and of what they refer to, as files that people and programs can read.

    moonpress.yaml                       marks the folder as an export
    articles/SLUG.md                     the article as readers see it: front matter and blocks (articles.importing.moonpress)
    articles/SLUG.draft.md               the same article with its unpublished changes, if it has any
    pages/SLUG.md                        a page of the site in the same way
    categories.yaml  series.yaml  tags.yaml  authors.yaml  snippets.yaml  redirects.yaml  images.yaml
    images/…                             every image as stored

`import_posts DIR` restores the same articles at the same addresses.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage

from articles.documents import document_of
from articles.importing.moonpress.block_markdown import dump_yaml, form_of, write_blocks
from articles.importing.moonpress.reader import MARKER, VERSION
from articles.models import Article, Author, Category, ImageAsset, Kind, Redirect, Series, Snippet, Tag

State = Article.State


FOLDERS: dict[str, str] = {Kind.ARTICLE: "articles", Kind.PAGE: "pages"}


class ExportRefused(Exception):
    """The folder cannot be written to, and nothing was written."""


def export_site(folder: Path, *, tick: Callable[[int], None] = lambda _: None) -> dict[str, int]:
    """Write everything to a new or empty folder; return how many of each kind. Raises ExportRefused."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportRefused(f"“{folder}” already exists and is not empty. Name a new folder.")
    try:
        for kind in FOLDERS.values():
            (folder / kind).mkdir(parents=True)
        counts = {name: _write_rows(folder / f"{name}.yaml", rows()) for name, rows in _LISTS.items()}
        counts["articles"] = _write_articles(folder, tick)
        counts["images without a file"] = sum(not _copy(asset, folder) for asset in ImageAsset.objects.iterator())
        # Last: a folder with this file in it is complete.
        (folder / MARKER).write_text(dump_yaml({"moonpress": VERSION, "site": settings.SITE_URL}), encoding="utf-8")
    except OSError as error:
        raise ExportRefused(f"“{folder}” cannot be written to: {error.strerror or error}.") from None
    return counts


def _write_rows(path: Path, rows: Iterator[dict[str, Any]]) -> int:
    found = list(rows)
    path.write_text(dump_yaml(found), encoding="utf-8")
    return len(found)


def _copy(image: ImageAsset, folder: Path) -> bool:
    """Copy one image as it is now to the path that documents know it by, which `store_image` made."""
    target = folder / image.file
    if not target.resolve().is_relative_to(folder.resolve()) or not default_storage.exists(image.path):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with default_storage.open(image.path) as file:
        target.write_bytes(file.read())
    return True


def _write_articles(folder: Path, tick: Callable[[int], None]) -> int:
    number = 0
    rows = Article.objects.select_related("category", "series", "cta", "publication").order_by("pk")
    for number, article in enumerate(rows.iterator(chunk_size=200), 1):
        for name, text in article_files(article).items():
            (folder / FOLDERS[article.kind] / name).write_text(text, encoding="utf-8", newline="\n")
        tick(number)
    return number


def article_files(article: Article) -> dict[str, str]:
    """One article as one or two files: what readers see, and what has been changed since."""
    working = document_of(article)
    publication = getattr(article, "publication", None)
    shown = working
    version = publication.version if publication else article.scheduled_version
    if version and version != article.version:
        shown = article.revisions.get(version=version).document
    files = {f"{shown['slug']}.md": _text(shown, _state_of(article, publication))}
    if shown != working:
        files[f"{shown['slug']}.draft.md"] = _text(working, {})
    return files


def _state_of(article: Article, publication: Any) -> dict[str, Any]:
    """The state in front matter, with times in UTC."""
    state: dict[str, Any] = {
        "state": State.DRAFT if article.state == State.SENT_BACK else article.state,
        "feed_id": article.feed_id,
    }
    if publication:
        state |= {"published": _time(publication.published_at), "updated": _time(publication.updated_at)}
    if article.publish_at:
        state["publish_at"] = _time(article.publish_at)
    if article.unpublish_at:
        state["unpublish_at"] = _time(article.unpublish_at)
    return state


def _time(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")


def _text(document: Mapping[str, Any], state: dict[str, Any]) -> str:
    blocks = document["blocks"]
    form = form_of(blocks)
    head = {key: document[key] for key in ("title", "slug")} | state
    head |= {
        key: document[key]
        for key in (
            "kind",
            "standfirst",
            "language",
            "category",
            "authors",
            "tags",
            "series",
            "part",
            "cta",
            "cover",
            "reading_minutes",
            "corrections",
        )
        if document.get(key)
    }
    if any(document["seo"].values()):
        head["seo"] = {key: value for key, value in document["seo"].items() if value}
    return f"---\n{dump_yaml(head | {'form': form})}---\n\n{write_blocks(blocks, form)}"


def _categories() -> Iterator[dict[str, Any]]:
    for row in Category.objects.select_related("disclaimer").order_by("position", "slug"):
        yield _without_blanks(
            slug=row.slug,
            name=row.name,
            description=row.description,
            position=row.position,
            disclaimer=row.disclaimer.slug if row.disclaimer else "",
        )


def _series() -> Iterator[dict[str, Any]]:
    for row in Series.objects.order_by("slug"):
        yield _without_blanks(slug=row.slug, name=row.name, description=row.description)


def _authors() -> Iterator[dict[str, Any]]:
    for row in Author.objects.select_related("portrait").order_by("slug"):
        portrait = row.portrait.file if row.portrait else ""
        yield _without_blanks(
            slug=row.slug, name=row.name, role=row.role, bio=row.bio_html, portrait=portrait, links=row.links
        )


def _snippets() -> Iterator[dict[str, Any]]:
    for row in Snippet.objects.order_by("slug"):
        yield _without_blanks(
            slug=row.slug, kind=row.kind, heading=row.heading, html=row.html, label=row.label, url=row.url
        )


def _images() -> Iterator[dict[str, Any]]:
    for row in ImageAsset.objects.order_by("file"):
        focal = [row.focal_x, row.focal_y] if (row.focal_x, row.focal_y) != (0.5, 0.5) else None
        told = {"alt": row.alt, "decorative": row.is_decorative, "credit": row.credit, "tags": row.tags}
        yield _without_blanks(file=row.file, name=row.name, **told, focal=focal)


def _without_blanks(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


_LISTS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "categories": _categories,
    "series": _series,
    "tags": lambda: (_without_blanks(slug=row.slug, name=row.name) for row in Tag.objects.order_by("slug")),
    "authors": _authors,
    "snippets": _snippets,
    "redirects": lambda: ({"from": row.path, "to": row.target} for row in Redirect.objects.order_by("path")),
    "images": _images,
}
