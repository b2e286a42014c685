"""What holds for every answer under /api/, whichever view gives it, and also where none does."""

from collections.abc import Callable
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from core.api.idempotency import answered_once
from core.api.problems import in_place_of, is_error_page

ROOT = "/api/"
DESK = "/api/v1/desk/"  # what only keys open, and no cache may keep


class ApiMiddleware:
    """Writes are done once, errors are problems, answers have an ETag, and say what is left of a limit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(ROOT):
            return self.get_response(request)
        response: Any = answered_once(request, self.get_response)
        if response.status_code == HTTPStatus.MOVED_PERMANENTLY and request.method not in ("GET", "HEAD"):
            response.status_code = HTTPStatus.PERMANENT_REDIRECT  # a write without the last slash stays a write
        if is_error_page(request, response):
            response = in_place_of(response)
        allowance = getattr(request, "api_allowance", None)
        if allowance and "public" not in response.get("Cache-Control", ""):  # any cache may hand that to others
            for name, value in allowance.headers().items():
                response[name] = value
        if request.path.startswith(DESK):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return self._unless_known(request, response)

    def _unless_known(self, request: HttpRequest, response: Any) -> Any:
        if request.method not in ("GET", "HEAD") or response.status_code != 200 or response.streaming:
            return response
        if "ETag" not in response.headers and response.content:
            response["ETag"] = f'"{blake2b(response.content, digest_size=12).hexdigest()}"'
        return get_conditional_response(request, etag=response.get("ETag"), response=response)
