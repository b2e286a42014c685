"""Where an address of this site leads: to a page that readers can see, to one that is not shown, or nowhere."""

from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.urls import Resolver404, resolve

from articles.models import Author, Category, Publication, Tag
from articles.redirects import redirect_at

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
    register("articles:category-articles", Category.objects.all())
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
