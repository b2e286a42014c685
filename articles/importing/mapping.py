"""The names that an export's authors and categories get here: chosen by hand, before it is loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from articles.importing.posts import Export, Person, Post, Refusal, Term
from articles.models import Author, Category
from core.lib.slugs import slug_of
from core.lib.text import one_line

Named = Term | Person


@dataclass(frozen=True, slots=True)
class Names:
    """By the slugs of an export, the names that its authors and categories have here; an empty one leaves it out.

    `author` and `category` are for posts that have none.
    """

    authors: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    author: str = ""
    category: str = ""

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Self:
        return cls(**{name: chosen[name] for name in ("authors", "categories", "author", "category") if name in chosen})


class _Renamed:
    """Gives things of one kind the names that they have here."""

    def __init__(self, model: type[Author | Category], kind: type[Named], said: Mapping[str, str]) -> None:
        self.kind, self.said = kind, said
        rows = list(model.objects.values_list("slug", "name"))
        self.here = {slug: (slug, name) for slug, name in rows} | {name.casefold(): (slug, name) for slug, name in rows}

    def named(self, name: str) -> Any:
        """The one here of this name or slug, or a new one."""
        name = one_line(name)
        return self.kind(*self.here.get(name.casefold(), (slug_of(name, 80, otherwise="unnamed"), name)))

    def renamed(self, item: Any) -> Any:
        """It, under the name it has here; None if it is left out."""
        if item is None or item.slug not in self.said:
            return item
        name = one_line(self.said[item.slug])
        if not name:
            return None
        found = self.named(name)
        return (
            item if name == item.name and found.slug == item.slug else replace(item, slug=found.slug, name=found.name)
        )


def name_here(model: type[Author | Category], slug: str, name: str) -> tuple[str, bool]:
    """The name that an author or category of an export has here by itself, and whether there is one of it already."""
    found = model.objects.filter(slug=slug).first() or model.objects.filter(name__iexact=name).first()
    return (found.name, True) if found else (name, False)


def give_names(export: Export, names: Names) -> None:
    """Have the posts of an export, and its pages of authors and categories, go by the names that these have here."""
    people = _Renamed(Author, Person, names.authors)
    terms = _Renamed(Category, Term, names.categories)
    by_kind = {"authors": people, "categories": terms}
    export.authors = _unique(map(people.renamed, export.authors))
    export.categories = _unique(map(terms.renamed, export.categories))
    export.archive_pages = [
        (address, kind, item)
        for address, kind, before in export.archive_pages
        if (item := by_kind[kind].renamed(before) if kind in by_kind else before)
    ]
    export.posts = _named(export.posts, names, people, terms)


def _named(
    posts: Iterator[Post | Refusal], names: Names, people: _Renamed, terms: _Renamed
) -> Iterator[Post | Refusal]:
    for post in posts:
        if isinstance(post, Post) and not post.own.get("kind"):
            post.authors = _unique(map(people.renamed, post.authors))
            post.category = terms.renamed(post.category)
            if names.author and not post.authors:
                post.authors = [people.named(names.author)]
            if names.category and not post.category:
                post.category = terms.named(names.category)
        yield post


def _unique(items: Any) -> list[Any]:
    return list({item.slug: item for item in items if item}.values())
