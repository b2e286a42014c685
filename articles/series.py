"""Where an article stands in its series: among the parts that readers can see, counted anew whenever one comes or goes."""

from datetime import datetime
from typing import NamedTuple

from articles.models import Publication
from articles.models.article import address_of
from articles.querysets import PageRow
from core.pagecache import per_generation

LAST = 1_000_000  # more than any number: parts without one come after those with


class Part(NamedTuple):
    """A part of a series. Parts are in the order in which readers are led through them."""

    number: int
    published_at: datetime
    pk: int
    slug: str
    title: str

    @property
    def url(self) -> str:
        return address_of("article", self.slug)


class Standing(NamedTuple):
    """The place of a part among all of them, from 1 on, and its neighbours."""

    place: int
    total: int
    previous: Part | None
    next: Part | None


@per_generation
def parts_of(slug: str) -> list[Part]:
    """The parts that readers can see of the series with this slug."""
    rows = Publication.objects.filter(series__slug=slug).values_list("part", "published_at", "pk", "slug", "title")
    return sorted(Part(number or LAST, *rest) for number, *rest in rows)


def standing_of(row: PageRow) -> Standing | None:
    """Where the article of a page stands; one that is not published yet, where it would. None without a series."""
    if not row["series_slug"]:
        return None
    parts = parts_of(row["series_slug"])
    place = next((place for place, part in enumerate(parts) if part.pk == row["pk"]), None)
    if place is None:
        own = Part(row["part"] or LAST, row["published_at"], row["pk"], row["slug"], row["title"])
        parts = sorted([*(part for part in parts if part.slug != own.slug), own])
        place = parts.index(own)
    before = parts[place - 1] if place else None
    after = parts[place + 1] if place + 1 < len(parts) else None
    return Standing(place + 1, len(parts), before, after)
