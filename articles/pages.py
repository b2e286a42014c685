"""What templates get: a publication as the plain values that cards and the article page show."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.storage import default_storage
from django.db.models import OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from articles import slots
from articles.models import Author, Category, Publication, Snippet, Tag
from articles.publishing import fill
from articles.relating import SHOWN
from articles.rendering import rendered
from articles.structured_data import article_data
from cms.lib.html import text_of
from cms.models import SiteProfile
from sponsors.placements import placement_shown

RECENT = 3
LATEST = 5
IN_SECTION = 3
AUTHOR_COLUMNS = ("slug", "name", "role", "bio_html", "links", "portrait__file")


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


def page_of(publication: Publication, *, preview: bool = False) -> dict[str, Any]:
    """The context of templates/articles/article.html, from `Publication.objects.pages()`; two more queries."""
    now = timezone.now()
    others = list(_others(publication))
    image = publication.image and {key: value for key, value in publication.image.items() if key != "card"}
    shown = {
        "title": publication.title,
        "standfirst": publication.standfirst,
        "slug": publication.slug,
        "url": publication.get_absolute_url(),
        "seo_title": publication.seo_title,
        "seo_description": publication.seo_description,
        "toc": publication.toc,
        "faq": publication.faq,
        "image": image,
        "category": publication.category,
        "authors": authors_of(publication.byline_rows),  # type: ignore[attr-defined]
        "tags": [
            {**tag, "url": reverse("articles:tag-articles", args=[tag["slug"]])}
            for tag in publication.tag_rows  # type: ignore[attr-defined]
        ],
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "reading_minutes": publication.reading_minutes,
        "words": publication.words,
        "social_image": _social_image(publication),
    }
    page = {
        "publication": shown,
        "cta": publication.cta,
        "snippets": {row["slug"]: row for row in publication.snippet_rows},  # type: ignore[attr-defined]
        "recent": cards([other for other in others if other.pk != publication.pk and not other.is_related][:RECENT]),
        "related": cards([other for other in others if other.is_related]),
        "also_read": {str(other.article_id): other for other in others},
        "placement": None if preview else placement_shown("web:article", now.date()),
        "preview": preview,
        "canonical": settings.SITE_URL + publication.get_absolute_url(),
        "structured_data": article_data(shown, SiteProfile.current()),
    }
    shown["html"] = slots.fill(publication.html, page)
    return page


def _others(publication: Publication) -> Iterable[Any]:
    """The newest articles, those named in the text and those that go with it, newest first, in one query."""
    newest = Publication.objects.live().values("pk")[: RECENT + 1 + SHOWN]
    named = Publication.also_read.through.objects.filter(publication=publication.pk).values("article")
    related = Publication.related.through.objects.filter(from_publication=publication.pk).values("to_publication")
    return (
        Publication.objects.live()
        .cards()
        .annotate(is_related=Q(pk__in=related))
        .filter(Q(pk__in=newest) | Q(article__in=named) | Q(pk__in=related))
    )


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


def _social_image(publication: Publication) -> str:
    return settings.SITE_URL + default_storage.url(publication.social_image) if publication.social_image else ""


def preview_of(document: dict[str, Any]) -> dict[str, Any]:
    """The context of the article page for a document that nobody published: the same template, the same renderers."""
    publication = Publication(published_at=timezone.now(), updated_at=timezone.now())
    body = rendered(document)
    fill(publication, document, body)
    authors = {row["slug"]: row for row in Author.objects.filter(slug__in=document["authors"]).values(*AUTHOR_COLUMNS)}
    publication.byline_rows = [  # type: ignore[attr-defined]
        {**row, "portrait": row["portrait__file"]} for slug in document["authors"] if (row := authors.get(slug))
    ]
    publication.tag_rows = list(  # type: ignore[attr-defined]
        Tag.objects.filter(slug__in=document["tags"]).values("slug", "name")
    )
    publication.snippet_rows = list(  # type: ignore[attr-defined]
        Snippet.objects.filter(slug__in=body.snippets).values("slug", "heading", "html", "label", "url")
    )
    return page_of(publication, preview=True)
