"""What visitors do that a newsroom hopes for: each part registers the address at which it is done.

A middleware notices it and hands it to the collector, with the page that the request says it was sent from.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from articles.readership import beacons, collector
from articles.readership.beacons import NotCounted

_kinds: dict[str, tuple[str, str]] = {}


def register(view_name: str, kind: str, *, method: str = "POST") -> None:
    """Count the visitors who succeed with this method at a view, under the name of a kind, such as "sign-ups"."""
    _kinds[view_name] = method, kind


def kinds() -> list[str]:
    """The names of all kinds, in order."""
    return sorted({kind for _, kind in _kinds.values()})


class OutcomeMiddleware:
    """Notices what visitors did once it was done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.resolver_match and response.status_code < 400:
            note(request, request.resolver_match.view_name)
        return response


def note(request: HttpRequest, view_name: str) -> None:
    """Count a visitor who has succeeded at a view."""
    method, kind = _kinds.get(view_name, ("", ""))
    if not kind or request.method != method:
        return
    with suppress(NotCounted):
        visitor = beacons.visitor_of(request.META)
        collector.add(collector.Act(timezone.now(), visitor, kind, _sent_from(request.META)))


def _sent_from(environ: dict[str, Any]) -> str:
    """The path of the page that a request says it was sent from; empty if that is none of ours."""
    try:
        page = beacons.urlsplit_or_none(environ.get("HTTP_REFERER", ""))
        return beacons.path_of(page, environ.get("HTTP_HOST", "").lower())
    except NotCounted:
        return ""
