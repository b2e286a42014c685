"""An article's page for readers, put together from its frame, its body and what may change without either.

The frame is the whole page but for the body and the marks (articles.slots). Rendering it takes the template engine
twenty times as long as all the rest, so the database keeps it, under a digest of everything it was made from: whatever
changes, the next reader's page is made from the new, and nothing needs to be thrown away.
"""

import logging
from collections.abc import Iterable
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import django
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from articles import slots
from articles.cache_tags import tags_of
from articles.content import content_of
from articles.contexts import authors_of
from articles.models import Author, Publication, Snippet, Tag
from articles.querysets import PAGE_COLUMNS
from articles.rendering import rendered
from articles.structured_data import article_data
from core.lib.html import text_of
from core.lib.prepared import PreparedQuery, loaded
from core.models import SiteProfile
from core.pagecache import per_generation
from sponsors.placements import Placement, placement_shown

AUTHOR_COLUMNS = ("slug", "name", "role", "bio_html", "links", "portrait__file")
BODY = slots.mark("body")
NOT_FRAMED = frozenset(
    {"html", "snippet_rows", "also_read_rows", "related_pks", "frame_key", "frame_html"}
)  # all else in a row decides what its frame looks like

logger = logging.getLogger(__name__)
Row = dict[str, Any]
_page = PreparedQuery(lambda slug: Publication.objects.filter(slug=slug).pages())


class Surroundings:
    """What slot renderers may put around and into one article: see articles.slot_renderers."""

    def __init__(self, row: Row, *, preview: bool = False):
        self.row = row
        self.preview = preview
        self.related: list[int] = loaded(row["related_pks"])
        self.placement: Placement | None = None if preview else placement_shown("web:article", timezone.now().date())
        self.signups = 0

    @cached_property
    def snippets(self) -> dict[str, dict[str, str]]:
        """The cards placed in the text, by slug."""
        return {row["slug"]: row for row in loaded(self.row["snippet_rows"])}

    @cached_property
    def also_read(self) -> dict[str, dict[str, str]]:
        """The published articles named in the text, by the article's number."""
        rows = loaded(self.row["also_read_rows"])
        return {
            str(row["pk"]): {
                "title": row["publication__title"],
                "url": reverse("articles:article", args=[row["publication__slug"]]),
            }
            for row in rows
            if row["publication__slug"]
        }


class Page(NamedTuple):
    """An article's page, and the tags by which caches in front know what it shows."""

    html: str
    tags: list[str]


def article_page(slug: str) -> Page | None:
    """The page of the article that lives at a slug; None where there is none."""
    row = _page.first(slug)
    if row is None:
        return None
    key = _key(row)
    frame = row["frame_html"]
    if frame is None or bytes(row["frame_key"]) != key:
        frame = _frame(row)
        _keep(row["pk"], key, frame)
    return Page(_with_slots(frame, row, Surroundings(row)), tags_of(row))


def preview_page(document: dict[str, Any]) -> str:
    """The same page for a document that nobody published: the same template, the same renderers."""
    row = _row_of(document)
    return _with_slots(_frame(row, preview=True), row, Surroundings(row, preview=True))


def _with_slots(frame: str, row: Row, around: Surroundings) -> str:
    return slots.render(frame.replace(BODY, row["html"], 1), around)


def _frame(row: Row, *, preview: bool = False) -> str:
    """The page of an article with marks where the body and what changes without it go."""
    url = reverse("articles:article", args=[row["slug"]])
    category = row["category_slug"] and {
        "name": row["category_name"],
        "url": reverse("articles:category-articles", args=[row["category_slug"]]),
        "disclaimer_html": row["disclaimer_html"],
    }
    image = loaded(row["image"])
    shown = {
        **row,
        "html": BODY,
        "url": url,
        "toc": loaded(row["toc"]),
        "faq": loaded(row["faq"]),
        "image": image and {key: value for key, value in image.items() if key != "card"},
        "category": category,
        "authors": authors_of(loaded(row["byline_rows"])),
        "tags": [
            {**tag, "url": reverse("articles:tag-articles", args=[tag["slug"]])} for tag in loaded(row["tag_rows"])
        ],
        "social_image": settings.SITE_URL + default_storage.url(row["social_image"]) if row["social_image"] else "",
    }
    profile = SiteProfile.current()
    cta = {name: row[f"cta_{name}"] for name in ("heading", "label", "url")}
    context = {
        "publication": shown,
        "cta": {**cta, "body": text_of(row["cta_html"])} if row["cta_url"] else None,
        "preview": preview,
        "canonical": settings.SITE_URL + url,
        "structured_data": article_data(shown, profile),
        "site": profile,
        "profile": profile,
        "path": url,
    }
    return render_to_string("articles/article.html", context)


def _row_of(document: dict[str, Any]) -> Row:
    """What `Publication.objects.pages()` would give of a document, were it published."""
    now = timezone.now()
    body = rendered(document)
    content = content_of(document, body)
    publication = Publication(published_at=now, updated_at=now, **content)
    category, cta = content["category"], content["cta"]
    authors = {row["slug"]: row for row in Author.objects.filter(slug__in=document["authors"]).values(*AUTHOR_COLUMNS)}
    named = Publication.objects.filter(article__in=body.also_read)
    return {
        **{name: getattr(publication, name) for name in PAGE_COLUMNS},
        "category_slug": category and category.slug,
        "category_name": category and category.name,
        "disclaimer_html": category and category.disclaimer_html,
        **{f"cta_{name}": cta and getattr(cta, name) for name in ("heading", "html", "label", "url")},
        "byline_rows": [
            {**row, "portrait": row["portrait__file"]} for slug in document["authors"] if (row := authors.get(slug))
        ],
        "tag_rows": list(Tag.objects.filter(slug__in=document["tags"]).values("slug", "name")),
        "snippet_rows": list(
            Snippet.objects.filter(slug__in=body.snippets).values("slug", "heading", "html", "label", "url")
        ),
        "also_read_rows": [
            {"pk": other.article_id, "publication__title": other.title, "publication__slug": other.slug}
            for other in named
        ],
        "related_pks": [],
    }


def _key(row: Row) -> bytes:
    inputs = [value for name, value in row.items() if name not in NOT_FRAMED]
    return blake2b(repr(inputs).encode(), digest_size=16, key=_site_digest()).digest()


@per_generation
def _site_digest() -> bytes:
    """A digest of what all frames are made from: code, templates, static files, the site's profile, the year."""
    profile = SiteProfile.current()
    parts = [getattr(profile, field.attname) for field in profile._meta.concrete_fields]
    parts += [settings.SITE_URL, settings.MEDIA_URL, getattr(staticfiles_storage, "manifest_hash", "")]
    return blake2b(repr([*parts, timezone.now().year, _code_digest()]).encode(), digest_size=32).digest()


@cache
def _code_digest() -> bytes:
    digest = blake2b(django.__version__.encode())
    for path in sorted(_sources()):
        digest.update(path.read_bytes())
    return digest.digest()


def _sources() -> Iterable[Path]:
    for folder in ("articles", "core", "sponsors", "templates"):
        for pattern in ("*.py", "*.html"):
            yield from (Path(settings.BASE_DIR) / folder).rglob(pattern)


def _keep(publication: int, key: bytes, html: str) -> None:
    """Keep a frame for the next reader. A database that cannot be written to still serves pages."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO articles_articleframe (publication_id, key, html) VALUES (%s, %s, %s)"
                " ON CONFLICT (publication_id) DO UPDATE SET key = excluded.key, html = excluded.html",
                [publication, key, html],
            )
    except DatabaseError as error:
        logger.warning("The frame of publication %s could not be kept: %s", publication, error)
