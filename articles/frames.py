"""Frames: the pages of articles without their bodies and slots, rendered once and kept in the database.

Rendering a frame takes twenty times as long as the rest of a page. Each is kept under a digest of everything it was made
from. After any change the digest differs, and the next request renders a new frame: nothing is ever invalidated.
"""

import logging
from hashlib import blake2b
from typing import Any, TypedDict

import django
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, connection
from django.template.loader import get_template, render_to_string
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.utils import timezone
from django.utils.safestring import SafeString

from articles.contexts import ArticleContext, article_of
from articles.querysets import PageRow
from articles.structured_data import article_data
from core.lib import clock
from core.lib.html import text_of
from core.models import SiteProfile
from core.pagecache import per_generation

# Raise this when code changes the context of frames, so that kept ones are rendered anew. A test reminds you.
VERSION = 5
TEMPLATE = "articles/article.html"
NOT_FRAMED = frozenset({"html", "part", "snippet_rows", "also_read_rows", "related_pks", "frame_key", "frame_html"})

logger = logging.getLogger(__name__)


class FrameContext(TypedDict):
    """The context of templates/articles/article.html."""

    publication: ArticleContext
    cta: dict[str, str | None] | None
    preview: bool
    canonical: str
    structured_data: SafeString
    site: SiteProfile
    profile: SiteProfile
    path: str


def kept_frame(row: PageRow) -> str:
    """The kept frame of an article; if there is none that is current, a new one, kept for the next request."""
    key = key_of(row)
    if row["frame_html"] is not None and row["frame_key"] is not None and bytes(row["frame_key"]) == key:
        return row["frame_html"]
    html = render_frame(row)
    _keep(row["pk"], key, html)
    return html


def render_frame(row: PageRow, *, preview: bool = False) -> str:
    """Render the frame of an article, with marks for its body and its slots."""
    return render_to_string(TEMPLATE, context_of(row, preview=preview))


def context_of(row: PageRow, *, preview: bool = False) -> FrameContext:
    """The context of an article's frame."""
    article, profile = article_of(row), SiteProfile.current()
    cta = {"heading": row["cta_heading"], "label": row["cta_label"], "url": row["cta_url"]}
    return {
        "publication": article,
        "cta": {**cta, "body": text_of(row["cta_html"] or "")} if row["cta_url"] else None,
        "preview": preview,
        "canonical": article["canonical"] or settings.SITE_URL + article["url"],
        "structured_data": article_data(article, profile),
        "site": profile,
        "profile": profile,
        "path": article["url"],
    }


def key_of(row: PageRow) -> bytes:
    """A digest of everything that the frame of an article is made from."""
    inputs: list[Any] = [value for name, value in row.items() if name not in NOT_FRAMED]
    inputs.append(timezone.localtime(timezone=clock.newsroom()).year)  # the footer has it
    return blake2b(repr(inputs).encode(), digest_size=16, key=_shared_digest()).digest()


@per_generation
def _shared_digest() -> bytes:
    """A digest of what all frames share: the site's profile, settings, static files, templates, VERSION."""
    profile = SiteProfile.current()
    parts = [getattr(profile, field.attname) for field in profile._meta.concrete_fields]
    parts += [profile.menu, profile.columns, profile.pages]  # which depend on what their links lead to
    parts += [settings.SITE_URL, settings.MEDIA_URL, settings.STATIC_URL, settings.LANGUAGE_CODE, settings.TIME_ZONE]
    parts += [getattr(staticfiles_storage, "manifest_hash", ""), django.__version__, VERSION]
    return blake2b(repr([*parts, sorted(templates().items())]).encode(), digest_size=32).digest()


def templates() -> dict[str, str]:
    """The sources of all templates that a frame is rendered with, by name."""
    found: dict[str, str] = {}
    _add_template(TEMPLATE, found)
    return found


def _add_template(name: str, found: dict[str, str]) -> None:
    """Add a template and those that it extends and includes."""
    template: Any = get_template(name)
    found[name] = template.template.source
    for node in template.template.nodelist.get_nodes_by_type((ExtendsNode, IncludeNode)):
        named: Any = node.parent_name if isinstance(node, ExtendsNode) else node.template
        if named.is_var:
            raise TypeError(f"{name} extends or includes a template by the variable {named}; frames need its name.")
        if named.var not in found:
            _add_template(named.var, found)


def _keep(publication: int, key: bytes, html: str) -> None:
    """Keep a frame for the next request. Where the database cannot be written to, pages are served all the same."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO articles_articleframe (publication_id, key, html) VALUES (%s, %s, %s)"
                " ON CONFLICT (publication_id) DO UPDATE SET key = excluded.key, html = excluded.html",
                [publication, key, html],
            )
    except DatabaseError as error:
        logger.warning("The frame of publication %s could not be kept: %s", publication, error)
