"""The events of articles that webhooks can ask for, and what each of them says."""

from typing import Any

from django.conf import settings

from articles.models import Publication
from core import webhooks

EVENTS = {
    "article.published": "an article goes live",
    "article.updated": "a live article changes",
    "article.unpublished": "an article is taken offline",
    "article.archived": "a live article is archived",
}


def register_all() -> None:
    """Register the events of articles."""
    for name, label in EVENTS.items():
        webhooks.register(name, label)


def announce(event: str, publication: Publication, *, old_address: str | None = None) -> None:
    """Announce what happened to an article, in the transaction in which it happens."""
    webhooks.announce(event, {"article": _payload(publication, old_address)})


def _payload(publication: Publication, old_address: str | None) -> dict[str, Any]:
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
