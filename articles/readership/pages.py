"""Which paths are pages of ours, and which of them are articles: only what readers can see is counted."""

from collections.abc import Iterable

from django.urls import Resolver404, resolve

from articles.addresses import Page, page_at
from articles.models import Publication
from core.pagecache import is_public

ARTICLE = "articles:article"
LOOKED_UP = 100  # other pages with a name of their own, in one writing: more of them in a second are made up


def known(paths: Iterable[str]) -> dict[str, int | None]:
    """The paths that have a page that is shown, each with its article's number if it has one."""
    found: dict[str, int | None] = {}
    articles, others = {}, []
    for path in paths:
        try:
            match = resolve(path)
        except Resolver404:
            continue
        if not is_public(match.func):
            continue
        if match.view_name == ARTICLE:
            articles[match.kwargs["slug"]] = path
        elif match.kwargs:
            others.append(path)
        else:
            found[path] = None
    numbers = Publication.objects.filter(slug__in=articles).values_list("slug", "article_id")
    found |= {articles[slug]: number for slug, number in numbers}
    return found | {path: None for path in sorted(others)[:LOOKED_UP] if page_at(path) is Page.SHOWN}
