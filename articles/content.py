"""The content of a publication, made from a document without storing anything."""

from typing import Any, TypedDict

from articles.document_schema import Correction, Document
from articles.models import Category, Kind, Series, Snippet
from articles.rendering import Rendered


class Content(TypedDict):
    """The columns of a `Publication` that come from the document; publishing adds version, times and crops."""

    kind: str
    slug: str
    title: str
    standfirst: str
    language: str
    seo_title: str
    seo_description: str
    social_title: str
    canonical: str
    noindex: bool
    corrections: list[Correction]
    category: Category | None
    series: Series | None
    part: int | None
    cta: Snippet | None
    html: str
    text: str
    words: int
    toc: list[dict[str, Any]]
    faq: list[dict[str, str]]
    image: dict[str, Any] | None
    reading_minutes: int


def content_of(document: Document, body: Rendered) -> Content:
    """The content that a document and its rendered body make."""
    category, series, cta = document["category"], document.get("series"), document["cta"]
    return {
        "kind": document.get("kind", Kind.ARTICLE),
        "slug": document["slug"],
        "title": document["title"],
        "standfirst": document["standfirst"],
        "language": document.get("language", ""),
        "seo_title": document["seo"]["title"],
        "seo_description": document["seo"]["description"],
        "social_title": document["seo"].get("social_title", ""),
        "canonical": document["seo"].get("canonical", ""),
        "noindex": document["seo"].get("noindex", False),
        "corrections": document.get("corrections", []),
        "category": Category.objects.select_related("disclaimer").filter(slug=category).first() if category else None,
        "series": Series.objects.filter(slug=series).first() if series else None,
        "part": document.get("part"),
        "cta": Snippet.objects.filter(slug=cta).first() if cta else None,
        "html": body.html,
        "text": body.text,
        "words": body.words,
        "toc": body.toc,
        "faq": body.faq,
        "image": body.cover,
        "reading_minutes": body.reading_minutes,
    }
