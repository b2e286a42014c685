"""The contexts of templates: articles as cards and as pages, authors, the front page."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NotRequired, TypedDict

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.storage import default_storage
from django.db.models import OuterRef
from django.urls import reverse

from articles import leads, most_read, slots
from articles.document_schema import Correction
from articles.models import Author, Category, Kind, Publication
from articles.models.article import address_of
from articles.paid import ShownPaid
from articles.paid import shown as shown_paid
from articles.querysets import BylineRow, PageRow
from core.lib.html import text_of

LATEST = 5
IN_SECTION = 3


class AuthorContext(TypedDict):
    """An author, in a byline or on a card."""

    slug: str
    name: str
    role: str
    url: str
    bio: str
    links: list[dict[str, str]]
    picture: dict[str, str] | None


class CardContext(TypedDict):
    """An article as a card in a list."""

    title: str
    standfirst: str
    language: str
    url: str
    category: Category | None
    authors: list[AuthorContext]
    published_at: datetime
    updated_at: datetime
    reading_minutes: int
    image: dict[str, Any] | None
    excerpt_html: NotRequired[str]


class ShownCorrection(TypedDict):
    """A correction, as readers are told of it."""

    date: date
    text: str


class ArticleContext(TypedDict):
    """An article on its own page, with a mark for its body."""

    title: str
    standfirst: str
    language: str
    seo_title: str
    seo_description: str
    social_title: str
    canonical: str
    noindex: bool
    corrections: list[ShownCorrection]
    is_page: bool
    paid: ShownPaid | None
    url: str
    html: str
    toc: list[dict[str, Any]]
    faq: list[dict[str, str]]
    image: dict[str, Any] | None
    social_image: str
    category: dict[str, str] | None
    series: dict[str, str] | None
    authors: list[AuthorContext]
    tags: list[dict[str, str]]
    reading_minutes: int
    words: int
    published_at: datetime
    updated_at: datetime


def byline_row(author: Author) -> BylineRow:
    """An author as a row of the querysets."""
    return {
        "slug": author.slug,
        "name": author.name,
        "role": author.role,
        "bio_html": author.bio_html,
        "links": author.links,
        "portrait": author.portrait.path if author.portrait else None,
    }


def authors_of(rows: Iterable[BylineRow]) -> list[AuthorContext]:
    """The authors in a byline."""
    return [
        {
            "slug": row["slug"],
            "name": row["name"],
            "role": row["role"],
            "url": reverse("articles:author-articles", args=[row["slug"]]),
            "bio": text_of(row["bio_html"]),
            "links": row["links"],
            "picture": {"src": default_storage.url(row["portrait"])} if row["portrait"] else None,
        }
        for row in rows
    ]


def shown_corrections(corrections: Iterable[Correction]) -> list[ShownCorrection]:
    """Corrections as stored, with their days as dates."""
    return [{"date": date.fromisoformat(each["date"]), "text": each["text"]} for each in corrections]


def article_of(row: PageRow) -> ArticleContext:
    """An article for its own page; from `Publication.objects.pages()`."""
    image = json.loads(row["image"]) if row["image"] else None
    return {
        "title": row["title"],
        "standfirst": row["standfirst"],
        "language": row["language"],
        "seo_title": row["seo_title"],
        "seo_description": row["seo_description"],
        "social_title": row["social_title"],
        "canonical": row["canonical"],
        "noindex": row["noindex"],
        "corrections": shown_corrections(json.loads(row["corrections"])),
        "is_page": row["kind"] == Kind.PAGE,
        "paid": shown_paid(json.loads(row["paid"])) if row["paid"] else None,
        "url": address_of(row["kind"], row["slug"]),
        "html": slots.BODY,
        "toc": json.loads(row["toc"]),
        "faq": json.loads(row["faq"]),
        "image": image and {key: value for key, value in image.items() if key != "card"},
        "social_image": settings.SITE_URL + default_storage.url(row["social_image"]) if row["social_image"] else "",
        "category": _category_of(row),
        "series": series_of(row),
        "authors": authors_of(json.loads(row["byline_rows"])),
        "tags": [
            {**tag, "url": reverse("articles:tag-articles", args=[tag["slug"]])} for tag in json.loads(row["tag_rows"])
        ],
        "reading_minutes": row["reading_minutes"],
        "words": row["words"],
        "published_at": row["published_at"],
        "updated_at": row["updated_at"],
    }


def _category_of(row: PageRow) -> dict[str, str] | None:
    if not row["category_slug"]:
        return None
    return {
        "name": row["category_name"] or "",
        "url": reverse("articles:category-articles", args=[row["category_slug"]]),
        "disclaimer_html": row["disclaimer_html"] or "",
    }


def series_of(row: PageRow) -> dict[str, str] | None:
    """The series of an article."""
    if not row["series_slug"]:
        return None
    return {"name": row["series_name"] or "", "url": reverse("articles:series-articles", args=[row["series_slug"]])}


def card_of(publication: Publication) -> CardContext:
    """One article as a card; from `Publication.objects.cards()`."""
    image = publication.image or {}
    return {
        "title": publication.title,
        "standfirst": publication.standfirst,
        "language": publication.language,
        "url": publication.get_absolute_url(),
        "category": publication.category,
        "authors": authors_of(publication.byline_rows),
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "reading_minutes": publication.reading_minutes,
        "image": image.get("card"),
    }


def cards(publications: Iterable[Publication]) -> list[CardContext]:
    """Many articles as cards."""
    return [card_of(publication) for publication in publications]


def cards_of(keys: Iterable[int]) -> list[CardContext]:
    """The articles with these keys as cards, in this order."""
    keys = list(keys)
    found = {publication.pk: card_of(publication) for publication in Publication.objects.cards().filter(pk__in=keys)}
    return _known(keys, found)


def front_page() -> dict[str, Any]:
    """The articles on the front page, in three queries: the lead and the latest, the next of each category, the most read.

    What is pinned comes first, then the newest.
    """
    found = leads.front(1 + LATEST)
    pins, live = found.pinned, Publication.objects.live()
    newest = [key for key in found.newest if key not in pins[None]]
    first = [*pins[None], *newest][: max(1 + LATEST, len(pins[None]))]
    of_category = live.exclude(pk__in=first).filter(category=OuterRef("pk")).values("pk")[:IN_SECTION]
    categories = list(Category.objects.annotate(newest=ArraySubquery(of_category)))
    parts = {category.pk: _led(pins[category.pk], category.newest, first) for category in categories}
    read = most_read.shown(found.read)
    wanted = {*first, *read, *(pk for part in parts.values() for pk in part)}
    by_pk = {publication.pk: card_of(publication) for publication in Publication.objects.cards().filter(pk__in=wanted)}
    sections = [
        {"name": category.name, "url": category.url, "articles": _known(parts[category.pk], by_pk)}
        for category in categories
        if parts[category.pk]
    ]
    shown = _known(first, by_pk)
    return {
        "lead": shown[0] if shown else None,
        "latest": shown[1:],
        "sections": sections,
        "most_read": _known(read, by_pk),
    }


def _led(pinned: list[int], newest: list[int], besides: list[int]) -> list[int]:
    """The stories of a section: what is pinned there, then its newest."""
    return [pk for pk in dict.fromkeys([*pinned, *newest]) if pk not in besides][:IN_SECTION]


def _known(keys: list[int], by_pk: dict[int, CardContext]) -> list[CardContext]:
    return [by_pk[key] for key in keys if key in by_pk]
