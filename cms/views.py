"""Pages that belong to no single part: the front page, media, error pages."""

import sys
from io import BytesIO
from posixpath import basename, normpath
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseNotModified
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.defaults import permission_denied, server_error
from django.views.static import serve

from articles.contexts import front_page
from articles.structured_data import absolute, site_data
from core.context_processors import site
from core.lib.cachetags import LISTS, tagged
from core.models import SiteProfile
from core.pagecache import of_articles, per_generation, public
from sponsors.channels import HOME
from sponsors.placements import Placement
from sponsors.previews import Preview
from sponsors.rotation import placement_shown
from surveys.contexts import teaser

STORED = ("images/", "creatives/", "nominees/")  # where articles, sponsors and surveys store files


@require_safe
@public
@of_articles
@tagged(LISTS)
def home(request: HttpRequest) -> HttpResponse:
    """The front page."""
    return render(request, "home.html", _front(placement_shown(HOME)))


def home_with(_channel: str, placement: Placement) -> Preview:
    """The front page with an ad that may not be on it yet."""
    return Preview(render_to_string("home.html", _front(placement) | site(HttpRequest()) | {"path": "/"}))


def _front(placement: Placement | None) -> dict[str, Any]:
    return {
        **front_page(),
        "award": teaser(),
        "placement": placement,
        "canonical": absolute(reverse("home")),
        "structured_data": site_data(SiteProfile.current()),
    }


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of the media, if no web server in front serves it. An image's name changes with its content."""
    if settings.MEDIA_BUCKET:
        return _from_bucket(request, path)
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except OSError as error:  # such as a name longer than a file can have
        raise Http404("There is no such file.") from error
    response["Cache-Control"] = _lasting(path)
    return response


def _from_bucket(request: HttpRequest, path: str) -> HttpResponseBase:
    """What we store and nothing else that may lie in the same bucket; passed on as it comes."""
    if not path.startswith(STORED) or normpath(path) != path:
        raise Http404("There is no such file.")
    known = request.headers.get("If-None-Match", "")
    storage: Any = default_storage
    try:
        found = storage.fetched(path, with_body=request.method == "GET", known=known if known.isascii() else "")
    except (OSError, SuspiciousOperation) as error:
        raise Http404("There is no such file.") from error
    response: HttpResponseBase = HttpResponseNotModified()
    if found:
        response = FileResponse(found.get("Body") or BytesIO(), filename=basename(path))
        response["Content-Length"] = found["ContentLength"]
        response["ETag"], response["Last-Modified"] = found["ETag"], http_date(found["LastModified"].timestamp())
    response["Cache-Control"] = _lasting(path)
    return response


def _lasting(path: str) -> str:
    return f"max-age={31_536_000 if path.startswith('images/') else 3600}"


def no_such_page(_request: HttpRequest, anything: str) -> HttpResponse:
    """404 for an address that a library brings and this site does not offer."""
    raise Http404


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent cannot be read. Django's own view reads it once more, and breaks over it."""
    return HttpResponse(render_to_string("400.html"), status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What readers and staff get alike; nothing of what was sent is looked at."""
    return HttpResponseNotFound(_not_found_page())


@per_generation
def _not_found_page() -> str:
    """What everybody gets for any address without a page: those who try addresses out are many, and it is made once."""
    return render_to_string("404.html", site(HttpRequest()))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own, but where the body cannot be read either, which it looks into for a token."""
    try:
        return permission_denied(request, exception)
    except (BadRequest, MultiPartParserError):
        return refused(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """Something went wrong on our side. Where it is the database, that passes: caches and robots should ask again."""
    if isinstance(sys.exception(), RecursionError):
        return refused(request)  # JSON that is nested deeper than anybody means it
    if not isinstance(sys.exception(), OperationalError | InterfaceError):
        return server_error(request)
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "10"})
