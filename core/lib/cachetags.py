"""Tags on reader pages, by which a cache in front is told what to forget; docs/operations.md says what they mean."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

R = TypeVar("R", bound=HttpResponseBase)

SITE = "site"
LISTS = "articles"
LIMIT = 60


def named(kind: str, slug: str) -> str:
    """The tag of one thing: "author:ana"."""
    return f"{kind}:{slug}"


def with_tags(response: R, *tags: str) -> R:
    """Add the tags of what a page shows besides the site: `article:slug`, `author:slug` and so on."""
    response.cache_tags = (*getattr(response, "cache_tags", ()), *tags)  # type: ignore[attr-defined]
    return response


def tagged(*tags: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Decorate a view whose pages all have the same tags; below `@public`."""

    def decorate(view: Callable[..., R]) -> Callable[..., R]:
        @wraps(view)
        def tagging(request: HttpRequest, *args: object, **kwargs: object) -> R:
            return with_tags(view(request, *args, **kwargs), *tags)

        return tagging

    return decorate


def stamp(response: HttpResponseBase) -> None:
    """Write the tags into the header that the cache in front reads."""
    tags = list(dict.fromkeys([SITE, *getattr(response, "cache_tags", ())]))[:LIMIT]
    if settings.CACHE_PURGE_KIND == "fastly":
        response["Surrogate-Key"] = " ".join(tags)
    else:
        response["Cache-Tag"] = ",".join(tags)
