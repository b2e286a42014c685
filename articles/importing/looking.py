"""What an export holds, before anything of it is imported: for the question what shall be done with it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from articles.importing.posts import Export, Person, Post, Refusal, Term
from core.lib.text import without_addresses

EXAMPLES = 8
NAMED = 20
MAPPED = 100  # authors, and categories, that can be given other names


def look_at(export: Export, *, tick: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Read an export whole, and say what is in it, as JSON. Nothing is written."""
    states, refused, examples = Counter[str](), list[str](), list[dict[str, Any]]()
    authors, categories = _Named(), _Named()
    dates, anonymous, unfiled, pictures = list[Any](), 0, 0, 0
    for number, post in enumerate(export.posts, 1):
        tick(number)
        if isinstance(post, Refusal):
            refused.append(" ".join(filter(None, [post.where, f"“{post.title}”" if post.title else "", post.reason])))
            continue
        states[post.status] += 1
        authors.add(post.authors)
        categories.add([post.category] if post.category else [])
        anonymous += not post.authors
        unfiled += not post.category
        pictures += post.html.count("<img") + bool(post.cover)
        if post.published_at:
            dates = [min([*dates[:1], post.published_at]), max([*dates[1:], post.published_at])]
        if len(examples) < EXAMPLES:
            examples.append(_example(post))
    return {
        "format": export.format,
        "site": export.site,
        "posts": states.total(),
        "states": dict(states.most_common()),
        "dates": [f"{each:%Y-%m-%d}" for each in dates],
        "authors": authors.most(),
        "categories": categories.most(),
        "anonymous": anonymous,
        "unfiled": unfiled,
        "pictures": pictures,
        "examples": examples,
        "refused": [without_addresses(each)[:300] for each in refused[:NAMED]],
        "refused_count": len(refused),
        "remarks": [without_addresses(each)[:600] for each in export.remarks[:NAMED]],
        "left": {what[:200]: number for what, number in export.lost.most_common(NAMED)},
        "subscribers": [file.name for file in export.subscribers],
        "headers": export.headers,
        "columns": export.columns,
    }


def _example(post: Post) -> dict[str, Any]:
    return {
        "title": post.title[:120],
        "state": post.status,
        "date": f"{post.published_at:%Y-%m-%d}" if post.published_at else "",
        "category": post.category.name[:80] if post.category else "",
        "authors": ", ".join(author.name for author in post.authors)[:120],
    }


class _Named:
    """Authors or categories, and how many posts each has."""

    def __init__(self) -> None:
        self.counts, self.names = Counter[str](), dict[str, str]()

    def add(self, items: list[Person] | list[Term]) -> None:
        for item in items:
            self.counts[item.slug] += 1
            self.names.setdefault(item.slug, item.name)

    def most(self) -> list[dict[str, Any]]:
        return [
            {"slug": slug, "name": without_addresses(self.names[slug])[:120], "posts": number}
            for slug, number in self.counts.most_common(MAPPED)
        ]
