"""What templates get: a publication as the plain values that cards and the article page show."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.storage import default_storage
from django.db.models import OuterRef
from django.urls import reverse

from articles.models import Category, Publication
from core.lib.html import text_of

LATEST = 5
IN_SECTION = 3


def authors_of(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The authors in a byline, from the rows that the querysets annotate."""
    return [
        {
            **row,
            "url": reverse("articles:author-articles", args=[row["slug"]]),
            "bio": text_of(row["bio_html"]),
            "picture": {"src": default_storage.url(row["portrait"])} if row["portrait"] else None,
        }
        for row in rows
    ]


def card_of(publication: Publication, **extra: Any) -> dict[str, Any]:
    """One article as a card in a list; from `Publication.objects.cards()`."""
    image = publication.image or {}
    return {
        "title": publication.title,
        "standfirst": publication.standfirst,
        "url": publication.get_absolute_url(),
        "category": publication.category,
        "authors": authors_of(publication.byline_rows),  # type: ignore[attr-defined]
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "reading_minutes": publication.reading_minutes,
        "image": image.get("card"),
        **extra,
    }


def cards(publications: Iterable[Publication]) -> list[dict[str, Any]]:
    """Many of them."""
    return [card_of(publication) for publication in publications]


def front_page() -> dict[str, Any]:
    """What the front page shows of articles: the lead, the latest, and the next newest of each category; three queries."""
    newest = list(Publication.objects.live().cards()[: 1 + LATEST])
    others = Publication.objects.live().exclude(pk__in=[publication.pk for publication in newest])
    of_category = others.filter(category=OuterRef("pk")).values("pk")[:IN_SECTION]
    categories = list(Category.objects.annotate(newest=ArraySubquery(of_category)))
    wanted = [pk for category in categories for pk in category.newest]
    by_pk = {publication.pk: card_of(publication) for publication in Publication.objects.cards().filter(pk__in=wanted)}
    sections = [
        {"name": category.name, "url": category.url, "articles": [by_pk[pk] for pk in category.newest]}
        for category in categories
        if category.newest
    ]
    shown = cards(newest)
    return {"lead": shown[0] if shown else None, "latest": shown[1:], "sections": sections}
