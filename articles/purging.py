"""Which pages show what: the tags a page carries, and those that a cache in front must forget after a change."""

from django.conf import settings
from django.db.models import Q

from articles.models import Publication
from cms.lib.cachetags import LISTS, named
from cms.purging import purge

OTHERS = 50


def tags_of(publication: Publication) -> list[str]:
    """What an article's page shows; from `Publication.objects.pages()`."""
    category = publication.category
    cards = [row["slug"] for row in publication.snippet_rows]  # type: ignore[attr-defined]
    cards += [shared.slug for shared in (publication.cta, category and category.disclaimer) if shared]
    return [
        named("article", publication.slug),
        *([named("category", category.slug)] if category else []),
        *(named("author", row["slug"]) for row in publication.byline_rows),  # type: ignore[attr-defined]
        *(named("tag", row["slug"]) for row in publication.tag_rows),  # type: ignore[attr-defined]
        *(named("snippet", slug) for slug in cards),
    ]


def forget_article(publication: Publication, *, old_slug: str | None = None) -> None:
    """An article came, changed or goes: its page, the lists, and the pages that show it among others."""
    if not settings.CACHE_PURGE_URL:
        return
    shown_on = Publication.objects.filter(Q(related=publication) | Q(also_read=publication.article_id))
    slugs = {publication.slug, old_slug or publication.slug, *shown_on.values_list("slug", flat=True)[:OTHERS]}
    purge(LISTS, *(named("article", slug) for slug in slugs))
