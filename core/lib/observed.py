"""What is noted of each request that Django answers: its id for the log, its time and status by route, its span."""

import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.lib import logs, meters, tracing

GIVEN_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observed(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that comes first. A proxy of ours may give the id in X-Request-Id, so that both logs name it."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "") if settings.BEHIND_PROXY else ""
        request.id = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        method = request.method if request.method in METHODS else "other"
        began = time.perf_counter()
        with logs.during(request), tracing.span(f"{method}", http_request_method=method) as span:
            response = get_response(request)
            route = route_of(request)
            if span:  # neither the address nor who asked: links are personal
                span.update_name(f"{method} /{route}")
                span.set_attribute("http.route", f"/{route}")
                span.set_attribute("http.response.status_code", response.status_code)
        meters.own.requests.labels(method, route).observe(time.perf_counter() - began)
        meters.own.answers.labels(route, str(response.status_code)).inc()
        return response

    return answered


def route_of(request: HttpRequest) -> str:
    """The pattern that matched, which is the same for all rows; "static" for a static file, "none" where none did."""
    if match := request.resolver_match:
        return match.route
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"
