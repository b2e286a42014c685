"""What readers may keep: cache headers, and the content generation that says when kept pages are stale."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

P = ParamSpec("P")
T = TypeVar("T")

POLL_SECONDS = 0.5

_lock = threading.Lock()
_known = {"generation": 0, "checked": 0.0}
_remembered: dict[tuple[Any, ...], tuple[int, Any]] = {}


def bump() -> None:
    """Say that something readers see has changed. Call it in the transaction that changes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cms_contentgeneration (id, value) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET value = cms_contentgeneration.value + 1"
        )
    _known["checked"] = 0.0


def generation() -> int:
    """The content generation, at most POLL_SECONDS old."""
    if time.monotonic() - _known["checked"] > POLL_SECONDS:
        with _lock:
            if time.monotonic() - _known["checked"] > POLL_SECONDS:
                _known["generation"] = _read_generation()
                _known["checked"] = time.monotonic()
    return int(_known["generation"])


def _read_generation() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM cms_contentgeneration WHERE id = 1")
        row = cursor.fetchone()
    return row[0] if row else 0


def per_generation(build: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function of hashable arguments: its answer is kept in this process for one content generation."""

    @wraps(build)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (build.__module__, build.__qualname__, args, tuple(sorted(kwargs.items())))
        current = generation()
        kept = _remembered.get(key)
        if kept is None or kept[0] != current:
            kept = _remembered[key] = (current, build(*args, **kwargs))
        return kept[1]

    return remembered


def forget() -> None:
    """Drop everything kept in this process, as at its start."""
    _remembered.clear()
    _known["checked"] = 0.0


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a reader's view: its successful answers to GET may be kept by any cache.

    Browsers revalidate each time (cheap: an ETag), shared caches keep a page for a minute and may serve it stale while
    they fetch the next.
    """

    @wraps(view)
    def cacheable(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code in (200, 301) and request.method in ("GET", "HEAD"):
            patch_cache_control(response, public=True, max_age=0, s_maxage=60, stale_while_revalidate=300)
        return response

    return cacheable
