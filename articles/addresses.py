"""Where an address of this site leads: to a page that readers can see, to one that is not shown, or nowhere.

The middleware leads from an address typed in capitals to the page that is there in small letters.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve

from articles.models import Author, Category, Kind, Publication, Series, Tag
from articles.redirects import REDIRECTS, redirect_at
from core.lib.cachetags import with_tags
from core.pagecache import public

_rows: dict[str, tuple[QuerySet[Any], dict[str, str]]] = {}


class Page(Enum):
    """What stands at an address."""

    SHOWN = auto()
    HIDDEN = auto()  # a page could be there, and is not now: an article that is not published
    UNKNOWN = auto()  # only asking would tell: a file, a link with a token
    NONE = auto()


def register(view_name: str, rows: QuerySet[Any], **fields: str) -> None:
    """Say which rows have pages of their own at a view.

    `fields` gives the lookup for an argument of the path; an argument without one is looked up by its name.
    """
    _rows[view_name] = rows, fields


def register_all() -> None:
    """Register the pages of articles."""
    register("articles:article", Publication.objects.all())
    register("page", Publication.every.filter(kind=Kind.PAGE))
    register("articles:category-articles", Category.objects.all())
    register("articles:series-articles", Series.objects.all())
    register("articles:tag-articles", Tag.objects.all())
    register("articles:author-articles", Author.objects.all())


def page_at(path: str) -> Page:
    """What stands at a path itself; redirects are not followed."""
    try:
        match = resolve(path)
    except Resolver404:
        return Page.NONE
    if match.view_name not in _rows:
        return Page.UNKNOWN if match.kwargs else Page.SHOWN
    rows, fields = _rows[match.view_name]
    wanted = {fields.get(name, name): value for name, value in match.kwargs.items()}
    return Page.SHOWN if rows.filter(**wanted).exists() else Page.HIDDEN


def page_behind(path: str) -> Page:
    """What a reader gets to from a path, after a redirect or with the slash that was left out."""
    found = page_at(path)
    if found is Page.NONE and not path.endswith("/"):
        found = page_at(path + "/")
    if found is Page.SHOWN or not (redirect := redirect_at(path)):
        return found
    target = urlsplit(redirect.target)
    return page_at(target.path) if target.netloc in ("", urlsplit(settings.SITE_URL).netloc) else Page.UNKNOWN


def in_small_letters(path: str) -> str | None:
    """Where a path that has no page leads when written in small letters; None if nowhere, or if it is so already."""
    lowered = path.lower() if path.endswith("/") or "." in path else f"{path.lower()}/"
    if path == path.lower() or "\0" in path:
        return None
    if page_at(lowered) is Page.SHOWN:
        return lowered
    moved = redirect_at(lowered)
    return moved.target if moved else None


class SmallLettersMiddleware:
    """Redirects an address with capitals that has no page to the one in small letters, which has one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in ("GET", "HEAD"):
            return response
        if not (target := in_small_letters(request.path)):
            return response
        query = request.META.get("QUERY_STRING", "")
        target = f"{target}?{query}" if query and "?" not in target else target
        return public(lambda _request: with_tags(HttpResponsePermanentRedirect(target), REDIRECTS))(request)
