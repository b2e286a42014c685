"""Cache tags of articles: those that a page carries, and those to purge after a change."""

import json
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q

from articles.models import Kind, Publication
from articles.querysets import PageRow
from core.cdn_purge import purge
from core.lib.cachetags import LISTS, named

OTHERS = 50


def tags_of(row: PageRow) -> list[str]:
    """The tags of everything that an article's page shows."""
    cards = [card["slug"] for card in json.loads(row["snippet_rows"])]
    return [
        named(row["kind"], row["slug"]),
        *([named("category", row["category_slug"])] if row["category_slug"] else []),
        *([named("series", row["series_slug"])] if row["series_slug"] else []),
        *(named("author", author["slug"]) for author in json.loads(row["byline_rows"])),
        *(named("tag", tag["slug"]) for tag in json.loads(row["tag_rows"])),
        *(named("snippet", slug) for slug in [*cards, row["cta_slug"], row["disclaimer_slug"]] if slug),
    ]


def purge_article(publication: Publication, *, old_slug: str | None = None, old_series: str | None = None) -> None:
    """An article appeared, changed or goes: purge its page, the lists, and the pages that show it among others.

    The others of its series, and of the one that it was in before, count its parts and lead to it.
    """
    if not settings.CACHE_PURGE_URL:
        return
    if publication.kind == Kind.PAGE:
        purge(LISTS, *(named(Kind.PAGE, slug) for slug in {publication.slug, old_slug or publication.slug}))
        return
    shown_on = Publication.objects.filter(Q(related=publication) | Q(also_read=publication.article_id))
    slugs = {publication.slug, old_slug or publication.slug, *shown_on.values_list("slug", flat=True)[:OTHERS]}
    series = {publication.series.slug if publication.series else None, old_series} - {None}
    purge(LISTS, *(named("article", slug) for slug in slugs), *(named("series", str(slug)) for slug in series))


def purge_pages(slugs: Iterable[str]) -> None:
    """Something around these articles changed: purge their pages."""
    purge(*(named("article", slug) for slug in slugs))
