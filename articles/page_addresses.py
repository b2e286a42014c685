"""Addresses of pages: which slugs a page may have, and which have one that is shown.

A page stands at /<slug>/, after every other address of the site. What comes later, an address of a new version or one that
was configured, wins over it: a system check names such pages.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from articles.models import Article, Kind, Publication
from core.pagecache import per_generation

NAME = "page"
# Where visitors, browsers and robots look for things of their own accord.
EXPECTED = frozenset(
    {"index", "login", "logout", "search", "feed", "rss", "sitemap", "robots", "favicon", "static", "media", "surveys"}
)


class PageSlug:
    """The slug of a page that readers can see; any other address is none of ours, as it was without pages."""

    regex = "[-a-zA-Z0-9_]+"

    def to_python(self, value: str) -> str:
        if value not in shown():
            raise ValueError
        return value

    def to_url(self, value: str) -> str:
        return str(value)


@per_generation
def shown() -> dict[str, str]:
    """The published pages by slug, with their titles, in the order of these."""
    return dict(Publication.every.filter(kind=Kind.PAGE).order_by("title", "pk").values_list("slug", "title"))


def refusal(slug: str) -> str:
    """Why a page cannot have this slug; empty if it can."""
    if slug.lower() in taken():
        return f"“/{slug}/” is an address of the site itself. Choose another slug."
    return ""


def taken() -> frozenset[str]:
    """How the other addresses of the site begin."""
    files = (urlsplit(address).path for address in (settings.STATIC_URL, settings.MEDIA_URL))
    configured = {path.strip("/").split("/")[0] for path in files}
    return EXPECTED | configured | frozenset(_beginnings(get_resolver().url_patterns))


def _beginnings(patterns: list[Any]) -> set[str]:
    """The first parts of all addresses but those of pages."""
    found: set[str] = set()
    for pattern in patterns:
        first, _, _ = str(pattern.pattern).lstrip("^").partition("/")
        if isinstance(pattern, URLResolver) and not first:
            found |= _beginnings(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name == NAME:
            continue
        elif first:
            found.add(first.rstrip("$").lower())
    return found


@checks.register(checks.Tags.database)
def pages_are_not_hidden(*, databases: Any = None, **_options: Any) -> list[checks.Warning]:
    """A page whose slug has become an address of the site is not seen there any more."""
    if not databases:
        return []
    rows = Article.objects.filter(kind=Kind.PAGE, slug__in=taken()).order_by("pk")
    return [
        checks.Warning(
            f"The page “{row.title}” is hidden: {refusal(row.slug)}",
            hint="Give it another slug at the desk and publish it; its readers are led there.",
            id="articles.W001",
        )
        for row in rows
    ]
