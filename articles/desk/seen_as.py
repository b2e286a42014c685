"""How search engines and social sites would show what is typed at the desk; the page goes on with it as one types."""

from typing import TypedDict
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage

from articles.document_schema import Document
from articles.models import Kind, Publication
from articles.models.article import address_of


class SeenAs(TypedDict):
    """A result of a search, and a card."""

    title: str
    description: str
    social_title: str
    address: str
    folder: str  # what stands before the slug in the address
    host: str
    picture: str
    is_kept_away: bool


def seen_as(document: Document, shown: Publication | None) -> SeenAs:
    """A document as others would show it; the picture is the one of what readers see."""
    seo, kind = document["seo"], document.get("kind", Kind.ARTICLE)
    title = seo["title"] or document["title"]
    folder = f"{settings.SITE_URL}{address_of(kind, 'x').removesuffix('x/')}"
    return {
        "title": title,
        "description": seo["description"] or document["standfirst"],
        "social_title": seo.get("social_title") or title,
        "address": seo.get("canonical") or f"{folder}{document['slug']}/",
        "folder": folder,
        "host": urlsplit(settings.SITE_URL).hostname or "",
        "picture": default_storage.url(shown.social_image) if shown and shown.social_image else "",
        "is_kept_away": seo.get("noindex", False),
    }
