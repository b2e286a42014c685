"""Previews: the page that a document would have if it were published now. Nothing is stored."""

import json
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from articles import payers
from articles.article_page import SlotContext, assembled
from articles.content import content_of
from articles.contexts import byline_row
from articles.document_schema import Document
from articles.frames import render_frame
from articles.models import Article, Author, Category, Series, Snippet, Tag
from articles.querysets import BylineRow, CategoryColumns, CtaColumns, PageRow, SeriesColumns
from articles.rendering import rendered


def preview_page(document: Document, article: Article | None = None) -> str:
    """The page of a document that is not published, with the templates and renderers of published ones."""
    row = preview_row(document, article)
    return assembled(render_frame(row, preview=True), row, SlotContext(row, preview=True))


def preview_row(document: Document, article: Article | None = None) -> PageRow:
    """The row that `Publication.objects.pages()` would have for a document if it were published now."""
    now = timezone.now()
    body = rendered(document)
    content = content_of(document, body)
    return {
        "pk": 0,
        "kind": content["kind"],
        "slug": content["slug"],
        "title": content["title"],
        "standfirst": content["standfirst"],
        "language": content["language"],
        "seo_title": content["seo_title"],
        "seo_description": content["seo_description"],
        "social_title": content["social_title"],
        "canonical": content["canonical"],
        "noindex": content["noindex"],
        "corrections": json.dumps(content["corrections"]),
        "paid": json.dumps(payers.paid_of(payers.standings(document, article))),
        "html": content["html"],
        "toc": json.dumps(content["toc"]),
        "faq": json.dumps(content["faq"]),
        "image": json.dumps(content["image"]) if content["image"] else None,
        "social_image": "",  # drawn at publishing
        "reading_minutes": content["reading_minutes"],
        "words": content["words"],
        "published_at": now,
        "updated_at": now,
        **_category_columns(content["category"]),
        **_series_columns(content["series"], content["part"]),
        **_cta_columns(content["cta"]),
        "byline_rows": json.dumps(_byline_rows(document["authors"])),
        "tag_rows": _rows(Tag.objects.filter(slug__in=document["tags"]), "slug", "name"),
        "snippet_rows": _rows(
            Snippet.objects.filter(slug__in=body.snippets), "slug", "heading", "html", "label", "url"
        ),
        "also_read_rows": _rows(
            Article.objects.filter(pk__in=body.also_read), "pk", "publication__title", "publication__slug"
        ),
        "related_pks": "[]",
        "frame_key": None,
        "frame_html": None,
    }


def _category_columns(category: Category | None) -> CategoryColumns:
    disclaimer = category.disclaimer if category else None
    return {
        "category_slug": category.slug if category else None,
        "category_name": category.name if category else None,
        "disclaimer_slug": disclaimer.slug if disclaimer else None,
        "disclaimer_html": disclaimer.html if disclaimer else None,
    }


def _series_columns(series: Series | None, part: int | None) -> SeriesColumns:
    return {
        "series_slug": series.slug if series else None,
        "series_name": series.name if series else None,
        "part": part,
    }


def _cta_columns(cta: Snippet | None) -> CtaColumns:
    return {
        "cta_slug": cta.slug if cta else None,
        "cta_heading": cta.heading if cta else None,
        "cta_html": cta.html if cta else None,
        "cta_label": cta.label if cta else None,
        "cta_url": cta.url if cta else None,
    }


def _byline_rows(slugs: list[str]) -> list[BylineRow]:
    authors = {author.slug: author for author in Author.objects.filter(slug__in=slugs).select_related("portrait")}
    return [byline_row(authors[slug]) for slug in slugs if slug in authors]


def _rows(found: QuerySet[Any], *columns: str) -> str:
    return json.dumps(list(found.values(*columns)))
