"""Which pages show what: the tags a page carries, and those that a cache in front must forget after a change."""

from articles.models import Publication
from cms.lib.cachetags import named


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
