"""The filters of a reader's search: section, author, year."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Max, Min, OuterRef

from articles.models import Author, Category, Publication, PublicationAuthor
from core.lib import clock
from core.pagecache import per_generation


@dataclass(frozen=True)
class Filters:
    """The chosen filters, empty for none. A value that does not exist is ignored."""

    category: str = ""
    author: str = ""
    year: int | None = None

    @classmethod
    def of(cls, asked: Any) -> "Filters":
        """The filters in the parameters of an address."""
        category, author, year = (asked.get(name, "") for name in ("category", "author", "year"))
        return cls(
            category if category in sections() else "",
            author if author in authors() else "",
            next((known for known in years() if str(known) == year), None),
        )

    def __bool__(self) -> bool:
        return bool(self.category or self.author or self.year)


def choices_of(
    filters: Filters, per_category: Counter[str | None] | None, per_year: Counter[int] | None
) -> list[dict[str, Any]]:
    """The lists of the search form; where known, with the number of articles that each choice would leave."""
    return [
        _list("category", "Section", "All sections", sections(), filters.category, per_category),
        _list("author", "Author", "All authors", authors(), filters.author, None),
        _list("year", "Year", "All years", {year: str(year) for year in years()}, filters.year, per_year),
    ]


def _list(name: str, label: str, everything: str, names: dict[Any, str], chosen: Any, counts: Any) -> dict[str, Any]:
    options = [
        {"value": value, "label": text, "count": None if counts is None else counts[value], "chosen": value == chosen}
        for value, text in names.items()
        if counts is None or counts[value] or value == chosen
    ]
    return {"name": name, "label": label, "everything": everything, "options": options}


@per_generation
def sections() -> dict[str, str]:
    """The names of categories by slug."""
    return dict(Category.objects.values_list("slug", "name"))


@per_generation
def authors() -> dict[str, str]:
    """The names of published authors by slug."""
    signed = Exists(PublicationAuthor.objects.filter(author=OuterRef("pk")))
    return dict(Author.objects.filter(signed).values_list("slug", "name"))


@per_generation
def years() -> list[int]:
    """The years from the newest article's down to the oldest one's."""
    ends = Publication.objects.order_by().aggregate(first=Min("published_at"), last=Max("published_at"))
    if not ends["last"]:
        return []
    first, last = (ends[end].astimezone(clock.newsroom()).year for end in ("first", "last"))
    return list(range(last, first - 1, -1))
