"""Frames: an article's page without its body and its slots, rendered once and kept in the database.

Rendering one takes the template engine twenty times as long as all the rest of a page. Each is kept under a digest of
everything it was made from: after any change the next reader's page is made anew, and nothing needs to be thrown away.
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
from core.lib.html import text_of
from core.models import SiteProfile
from core.pagecache import per_generation

# Raise it when our code puts something else into a frame's context: frames kept before are then made anew. A test tells.
VERSION = 1
TEMPLATE = "articles/article.html"
NOT_FRAMED = frozenset({"html", "snippet_rows", "also_read_rows", "related_pks", "frame_key", "frame_html"})

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
    """The frame of an article as it was kept, else rendered now and kept for the next reader."""
    key = key_of(row)
    if row["frame_html"] is not None and row["frame_key"] is not None and bytes(row["frame_key"]) == key:
        return row["frame_html"]
    html = render_frame(row)
    _keep(row["pk"], key, html)
    return html


def render_frame(row: PageRow, *, preview: bool = False) -> str:
    """The frame of an article, with marks where its body and its slots go."""
    return render_to_string(TEMPLATE, context_of(row, preview=preview))


def context_of(row: PageRow, *, preview: bool = False) -> FrameContext:
    """What a frame shows."""
    article, profile = article_of(row), SiteProfile.current()
    cta = {"heading": row["cta_heading"], "label": row["cta_label"], "url": row["cta_url"]}
    return {
        "publication": article,
        "cta": {**cta, "body": text_of(row["cta_html"] or "")} if row["cta_url"] else None,
        "preview": preview,
        "canonical": settings.SITE_URL + article["url"],
        "structured_data": article_data(article, profile),
        "site": profile,
        "profile": profile,
        "path": article["url"],
    }


def key_of(row: PageRow) -> bytes:
    """A digest of all that the frame of an article is made from."""
    inputs: list[Any] = [value for name, value in row.items() if name not in NOT_FRAMED]
    inputs.append(timezone.now().year)  # it stands at the foot of every page
    return blake2b(repr(inputs).encode(), digest_size=16, key=_shared_digest()).digest()


@per_generation
def _shared_digest() -> bytes:
    """A digest of what all frames are made from: the site's profile, settings, static files, templates, our code."""
    profile = SiteProfile.current()
    parts = [getattr(profile, field.attname) for field in profile._meta.concrete_fields]
    parts += [settings.SITE_URL, settings.MEDIA_URL, settings.STATIC_URL, settings.LANGUAGE_CODE]
    parts += [getattr(staticfiles_storage, "manifest_hash", ""), django.__version__, VERSION]
    return blake2b(repr([*parts, sorted(templates().items())]).encode(), digest_size=32).digest()


def templates() -> dict[str, str]:
    """The sources of the templates that make a frame, by name."""
    found: dict[str, str] = {}
    _add_template(TEMPLATE, found)
    return found


def _add_template(name: str, found: dict[str, str]) -> None:
    """Add a template and all that it extends and includes."""
    template: Any = get_template(name)
    found[name] = template.template.source
    for node in template.template.nodelist.get_nodes_by_type((ExtendsNode, IncludeNode)):
        named: Any = node.parent_name if isinstance(node, ExtendsNode) else node.template
        if named.is_var:
            raise TypeError(f"{name} must name its templates outright: what {named} is cannot be told from it.")
        if named.var not in found:
            _add_template(named.var, found)


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
