"""What others are told of articles."""

from typing import Any

from django.conf import settings

from articles.models import Publication
from core.webhooks import announce as announce_event
from core.webhooks import register_event

EVENTS = {
    "article.published": "an article goes live",
    "article.updated": "a live article changes",
    "article.unpublished": "an article is taken offline",
    "article.archived": "a live article is archived",
}


def register_all() -> None:
    """Called once, when Django starts."""
    for name, label in EVENTS.items():
        register_event(name, label)


def announce(event: str, publication: Publication, *, old_address: str | None = None) -> None:
    """Say what happened to an article, in the transaction in which it happens."""
    announce_event(event, {"article": _shown(publication, old_address)})


def _shown(publication: Publication, old_address: str | None) -> dict[str, Any]:
    address = publication.get_absolute_url()
    return {
        "id": publication.article_id,
        "version": publication.version,
        "title": publication.title,
        "slug": publication.slug,
        "url": settings.SITE_URL + address,
        "previous_url": settings.SITE_URL + old_address if old_address and old_address != address else None,
        "standfirst": publication.standfirst,
        "category": publication.category.slug if publication.category else None,
        "authors": list(publication.byline.values_list("author__slug", flat=True)),
        "tags": list(publication.tags.values_list("slug", flat=True)),
        "published_at": publication.published_at.isoformat(),
        "updated_at": publication.updated_at.isoformat(),
    }
