"""Whole pages kept in process memory, answered before Django is asked; and the headers for caches further out.

`PageCache` wraps the WSGI application. It keeps what a reader without a session gets from a view marked `@public`,
together with its compressed forms, for one content generation. When the generation has moved on, the first reader to
ask renders the page anew, and whoever asks meanwhile gets the page as it was, if it was right a second ago. What only other pages show makes no page of
a view marked `@of_articles` out of date.
"""

import gzip
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from hashlib import blake2b
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import brotli
from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

from core import generation
from core.generation import Generation, bump, per_generation, reset
from core.lib import cachetags, meters

__all__ = ["PageCache", "bump", "is_personal", "is_public", "of_articles", "per_generation", "public", "reset"]

R = TypeVar("R", bound=HttpResponseBase)
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

KEPT_BYTES = 128 * 1024 * 1024
PAGE_LIMIT = 2 * 1024 * 1024
KEPT_SECONDS = 300
NOT_KEPT = frozenset({"content-length", "content-encoding", "etag", "vary", "date", "connection", "server"})


def public(view: Callable[..., R]) -> Callable[..., R]:
    """Decorate a reader's view: its successful answers to GET may be kept by any cache.

    Browsers revalidate each time (cheap: an ETag); shared caches keep a page for a minute, may serve it stale while
    they fetch the next, and for a day while we are out of order. Of the address's query the view sees only
    `settings.PAGE_PARAMETERS`: whatever else links carry makes no other page. It sees no cookie and sets none: a broken
    one, which Django would replace or delete along with the page, stays as it is.
    """

    @wraps(view)
    def cacheable(request: HttpRequest, *args: Any, **kwargs: Any) -> R:
        if request.META.get("QUERY_STRING"):
            request.GET = QueryDict(_known_part(request.META["QUERY_STRING"]))
        reading = request.method in ("GET", "HEAD")
        if reading:
            request.COOKIES = {}
            request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)
        response = view(request, *args, **kwargs)
        if response.status_code in (200, 301) and reading:
            lasting = {"s_maxage": 60, "stale_while_revalidate": 300, "stale_if_error": 86_400}
            patch_cache_control(response, public=True, max_age=0, **lasting)
            cachetags.stamp(response)
        return response

    cacheable.is_public = True  # type: ignore[attr-defined]
    return cacheable


def of_articles(view: Callable[..., R]) -> Callable[..., R]:
    """Decorate a view below `@public`: its pages never show what is bumped with `in_articles=False`."""

    @wraps(view)
    def marking(request: HttpRequest, *args: Any, **kwargs: Any) -> R:
        response = view(request, *args, **kwargs)
        response.is_of_articles = True  # type: ignore[attr-defined]
        return response

    marking.is_of_articles = True  # type: ignore[attr-defined]
    return marking


def is_public(view: Callable[..., Any]) -> bool:
    """Whether a view is marked `@public`."""
    return getattr(view, "is_public", False)


@dataclass(slots=True)
class Page:
    """One kept answer: for each content coding its headers and body, ready to hand out."""

    as_of: Generation
    is_of_articles: bool
    kept_until: float
    etag: str
    forms: dict[str, tuple[Headers, bytes]]
    unchanged: Headers
    size: int
    known_fresh: float = 0.0  # when it was last, on the clock that never goes back
    renewing: bool = False
    used: bool = False

    def is_fresh(self, now: Generation | None) -> bool:
        """Whether nothing that it shows has changed, as far as is known."""
        unchanged = now and (self.as_of.of_articles == now.of_articles if self.is_of_articles else self.as_of == now)
        asked = time.monotonic()
        if not unchanged or asked >= self.kept_until:
            return False
        self.known_fresh = asked
        return True


@dataclass
class PageCache:
    """A WSGI application that answers from memory what it may, and asks `application` for the rest.

    With `submit`, which has a thread do something, readers who are answered at once wait for no question to the database.
    """

    application: Application
    submit: Callable[[Callable[[], None]], Any] | None = None
    limit: int = KEPT_BYTES
    pages: dict[tuple[str, ...], Page] = field(default_factory=dict)
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def headers_known_at_once() -> frozenset[bytes]:
        """The names of the headers that `at_once` looks at."""
        names = {"host", "cookie", "authorization", "accept-encoding", "if-none-match"}
        if settings.SECURE_PROXY_SSL_HEADER:
            names.add(settings.SECURE_PROXY_SSL_HEADER[0].removeprefix("HTTP_").replace("_", "-").lower())
        return frozenset(name.encode() for name in names)

    def at_once(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes] | None:
        """The answer, if it is kept and known to be as fresh as it has to be; None if anything has to be asked first."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or is_personal(environ):
            return None
        page = self.pages.get(_key(environ))
        if self.submit:
            generation.ask_ahead(self.submit)
        if page is None or not page.is_fresh(generation.known()):
            return None
        page.used = True
        meters.own.pages_kept.inc()
        return _answer(page, environ, start_response)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or is_personal(environ):
            return self.application(environ, start_response)
        key = _key(environ)
        page = self.pages.get(key)
        if page is not None and (page.is_fresh(generation.current()) or self._is_made_anew(page)):
            page.used = True
            meters.own.pages_kept.inc()
            return _answer(page, environ, start_response)
        return self._render(key, page, environ, start_response)

    def _is_made_anew(self, page: Page) -> bool:
        """Whether another thread makes a page anew that was right just now; if none does, this one is to."""
        was_right = time.monotonic() - page.known_fresh <= generation.STALEST_SECONDS
        with self.lock:
            renewing, page.renewing = page.renewing, True
        return renewing and was_right

    def _render(
        self, key: tuple[str, ...], stale: Page | None, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        began, as_of = time.monotonic(), generation.current()
        meters.own.pages_made.inc()
        answer: dict[str, Any] = {}

        def capture(status: str, headers: Headers, exc_info: Any = None) -> None:
            answer.update(status=status, headers=headers, exc_info=exc_info)

        try:
            body = self.application(environ, capture)
            if stale and answer["status"].startswith("5"):
                body.close()  # type: ignore[attr-defined]
                return _answer(stale, environ, start_response)
            if not _keepable(environ, answer, body):
                start_response(answer["status"], answer["headers"], answer["exc_info"])
                with self.lock:
                    self._drop(key)
                return body
            is_of_articles = getattr(body, "is_of_articles", False)
            page = _page(answer["headers"], b"".join(body), before=stale, as_of=as_of, is_of_articles=is_of_articles)
            page.known_fresh = began
            body.close()  # type: ignore[attr-defined]
        finally:
            if stale:
                stale.renewing = False
        self._keep(key, page)
        return _answer(page, environ, start_response)

    def _keep(self, key: tuple[str, ...], page: Page) -> None:
        with self.lock:
            self._drop(key)
            self.pages[key] = page
            self.size += page.size
            while self.size > self.limit:
                self._evict_one()

    def _evict_one(self) -> None:
        """Drop the oldest page that was not asked for since it was last considered."""
        while True:
            oldest = next(iter(self.pages))
            page = self.pages[oldest]
            if not page.used or len(self.pages) == 1:
                return self._drop(oldest)
            page.used = False
            self.pages[oldest] = self.pages.pop(oldest)

    def _drop(self, key: tuple[str, ...]) -> None:
        if page := self.pages.pop(key, None):
            self.size -= page.size


def _key(environ: dict[str, Any]) -> tuple[str, ...]:
    """What tells pages apart, normalised so that nobody can have one page kept many times."""
    host = _PORT.sub("", environ.get("HTTP_HOST", "")).rstrip(".").lower()
    header, https = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    secure = "https" if header and environ.get(header) == https else ""
    query = environ.get("QUERY_STRING", "")
    return host, secure, environ.get("PATH_INFO", ""), _known_part(query) if query else ""


_PORT = re.compile(r":\d*$")


def _known_part(query: str) -> str:
    """The part of an address's query that pages are made from, in one order."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode(sorted((pair for pair in pairs if pair[0] in settings.PAGE_PARAMETERS), key=lambda pair: pair[0]))


def is_personal(environ: dict[str, Any]) -> bool:
    """Whether the answer may depend on who asks."""
    return f"{settings.SESSION_COOKIE_NAME}=" in environ.get("HTTP_COOKIE", "") or "HTTP_AUTHORIZATION" in environ


def _keepable(environ: dict[str, Any], answer: dict[str, Any], body: Iterable[bytes]) -> bool:
    headers = {name.lower(): value for name, value in answer["headers"]}
    varies = {part.strip().lower() for part in headers.get("vary", "").split(",") if part.strip()}
    return (
        environ["REQUEST_METHOD"] == "GET"
        and answer["status"].startswith("200")
        and "public" in headers.get("cache-control", "")
        and "set-cookie" not in headers
        and "content-encoding" not in headers
        and "'nonce-" not in headers.get("content-security-policy", "")
        and varies <= {"accept-encoding"}
        and not getattr(body, "streaming", False)
        and int(headers.get("content-length", 0)) <= PAGE_LIMIT
    )


def _page(headers: Headers, body: bytes, *, before: Page | None, as_of: Generation, is_of_articles: bool) -> Page:
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    kept = [(name, value) for name, value in headers if name.lower() not in NOT_KEPT]
    kept += [("ETag", etag), ("Vary", "Accept-Encoding")]
    if before and before.etag == etag:  # as most pages are after most changes
        bodies = {coding: data for coding, (_, data) in before.forms.items()}
    else:
        bodies = {"": body, "gzip": gzip.compress(body, 6, mtime=0), "br": brotli.compress(body, quality=5)}
    forms = {
        coding: (
            [*kept, *([("Content-Encoding", coding)] if coding else []), ("Content-Length", str(len(data)))],
            data,
        )
        for coding, data in bodies.items()
    }
    unchanged = [(name, value) for name, value in kept if name.lower() not in ("content-type", "content-language")]
    size = sum(map(len, bodies.values())) + 2_000
    return Page(as_of, is_of_articles, time.monotonic() + KEPT_SECONDS, etag, forms, unchanged, size)


def _answer(page: Page, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked and (page.etag in asked or asked.strip() == "*"):
        start_response("304 Not Modified", page.unchanged)
        return []
    headers, body = page.forms[_coding(environ.get("HTTP_ACCEPT_ENCODING", ""))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


_REFUSED = re.compile(r"(br|gzip)\s*;\s*q=0(?:\.0*)?(?![.\d])")


def _coding(accepted: str) -> str:
    """The content coding to answer in: brotli before gzip before none."""
    if "q=0" in accepted:
        accepted = _REFUSED.sub("", accepted)
    return "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""
