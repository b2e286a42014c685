"""Answers prepared ahead: a page rendered once, with marks where what differs from one answer to the next is filled in.

They are for requests that are answered ahead of Django's middleware (core.lib.gateway). The headers are written by the
middleware that a plain answer passes through all the same; what the rest of it does is nothing to `passes_by` requests.
"""

import html
import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from core.lib.forms import is_from_elsewhere
from core.lib.gateway import Environ, InTurn, Ready

# Of settings.MIDDLEWARE, what writes the headers of an answer to somebody without a session.
WRITES_HEADERS = {
    "django.middleware.security.SecurityMiddleware",
    "core.lib.csp.PolicyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
}
FORM = "application/x-www-form-urlencoded"
_MARK = re.compile(rb"(mark[0-9a-f]{32})")

logger = logging.getLogger(__name__)
Wanted = TypeVar("Wanted")


def mark() -> str:
    """A word that stands in a page for what is filled in later."""
    return f"mark{secrets.token_hex(16)}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page in pieces, every second one a mark."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    pieces: tuple[bytes, ...]

    def filled(self, values: Mapping[str, str]) -> Ready:
        """The answer with these values in the place of the marks: plain text, or HTML that says so."""
        known = {name.encode(): _as_html(value).encode() for name, value in values.items()}
        body = b"".join(known.get(piece, piece) if place % 2 else piece for place, piece in enumerate(self.pieces))
        length = (b"content-length", str(len(body)).encode())
        return Ready(self.status, (*self.headers, length), body)


def _as_html(value: str) -> str:
    return value if isinstance(value, SafeString) else html.escape(value)


def prepare(path: str, answer: Callable[[HttpRequest], HttpResponse], *, secure: bool) -> Prepared | None:
    """What is answered to a form or a link without a session at a path; None where the middleware has its own answer to it."""
    site = urlsplit(settings.SITE_URL)
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "HTTP_HOST": site.netloc,
            "SERVER_NAME": site.hostname,
            "SERVER_PORT": str(site.port or ""),
            "wsgi.url_scheme": "https" if secure else "http",
            "wsgi.input": BytesIO(),
        }
    )
    made = answer(request)
    through: Callable[[HttpRequest], Any] = lambda _request: made  # noqa: E731
    for name in reversed([each for each in settings.MIDDLEWARE if each in WRITES_HEADERS]):
        through = import_string(name)(through)
    response = through(request)
    if response is not made:
        return None
    headers = [(name.lower(), value) for name, value in response.items() if name.lower() != "content-length"]
    kept = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
    return Prepared(response.status_code, kept, tuple(_MARK.split(response.content)))


def together(
    read: Callable[[Environ], Wanted | None], take: Callable[[Sequence[Wanted]], Sequence[Ready | None]]
) -> InTurn:
    """How requests are answered in a turn: what `read` finds of each is taken together.

    Where it finds nothing, or fails, that request goes the way of all others alone: it costs nobody their turn.
    """

    def read_one(environ: Environ) -> Wanted | None:
        try:
            return read(environ)
        except Exception:
            logger.exception("A request was not read for its turn.")
            return None

    def answers(environs: Sequence[Environ]) -> list[Ready | None]:
        wanted = [read_one(environ) for environ in environs]
        taken = iter(take([each for each in wanted if each is not None]))
        return [None if each is None else next(taken) for each in wanted]

    return answers


def path_like(view_name: str, *parameters: str) -> re.Pattern[bytes]:
    """The paths of a view, for Gateway.in_turns; of any slug or token where it has parameters."""
    path = reverse(view_name, kwargs={name: f"any-{name}" for name in parameters})
    pieces = re.split("|".join(f"any-{name}" for name in parameters), path) if parameters else [path]
    return re.compile("[-a-zA-Z0-9_]+".join(map(re.escape, pieces)).encode())


def passes_by(environ: Environ) -> WSGIRequest | None:
    """A form, or a link, that may be answered ahead of the middleware; None where that, or a view, would look at more of it."""
    request = WSGIRequest(environ)
    session = settings.SESSION_COOKIE_NAME in environ.get("HTTP_COOKIE", "") or "HTTP_AUTHORIZATION" in environ
    if session or request.content_type not in (FORM, "") or environ.get("QUERY_STRING"):
        return None
    try:
        request.get_host()
        request.POST  # noqa: B018 - reads it, within limits
    except (BadRequest, SuspiciousOperation, RequestDataTooBig, TooManyFieldsSent):
        return None
    return None if is_from_elsewhere(request) else request
