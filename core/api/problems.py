"""Errors as Problem Details (RFC 9457): what is wrong in words, and by field where a field is wrong."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core import conflicts
from core.transitions import TransitionRefused

CONTENT_TYPE = "application/problem+json"
WORDS = {
    404: "There is nothing at this address. What there is stands in {docs}.",
    500: "Something went wrong on our side. Nothing was changed.",
    503: "Back in a moment: try again in a few seconds.",
}


class Refused(exceptions.APIException):
    """The row is in no state for this; the words say why."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "This cannot be done now."


class Outdated(exceptions.APIException):
    """Somebody changed the row since it was read."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_detail = "It was changed since you read it. Read it again, and send its new ETag in If-Match."


class Unconditional(exceptions.APIException):
    """A write that does not say which version it is about."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = "Send If-Match with the ETag that you read, so that nothing of somebody else’s is overwritten."


def document_of(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """The members of a problem."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail} | more


def problem(status: int, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """An answer of a view of the API."""
    return Response(document_of(status, detail, **more), status=status, headers=headers, content_type=CONTENT_TYPE)


def answer(message: str, status: int, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """What a form of the public says: a message, as a problem where it is none of success."""
    if status >= HTTPStatus.BAD_REQUEST:
        return problem(status, message, headers=headers, message=message, **more)
    return Response({"message": message} | more, status=status, headers=headers)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The REST framework's handler of exceptions."""
    if isinstance(error, TransitionRefused):
        error = Refused(str(error))
    elif isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(_by_field(error))
    elif conflicts.is_conflict(error):
        error = Refused(conflicts.told(error))
    elif isinstance(error, DataError):
        error = exceptions.ParseError("A value is out of range.")
    elif isinstance(error, RecursionError):
        error = exceptions.ParseError("This JSON is nested too deeply.")
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        errors = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
        response.data = document_of(response.status_code, "What you sent was not taken.", errors=errors)
    else:
        detail = response.data.get("detail") if isinstance(response.data, dict) else response.data
        response.data = document_of(response.status_code, str(detail or _words(response.status_code)))
    response.content_type = CONTENT_TYPE
    return response


def _words(status: int) -> str:
    return WORDS.get(status, "").format(docs=reverse("api-docs"))


def _by_field(error: DjangoValidationError) -> Any:
    return error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}


def in_place_of(page: HttpResponse) -> HttpResponse:
    """A page of an error as a problem, with what its headers say."""
    status = page.status_code
    detail = _words(status) or HTTPStatus(status).description or HTTPStatus(status).phrase
    found: HttpResponse = JsonResponse(document_of(status, detail), status=status, content_type=CONTENT_TYPE)
    for name in ("Retry-After", "Allow", "WWW-Authenticate", "Cache-Control", "Vary"):
        if name in page.headers:
            found[name] = page[name]
    return found


def is_error_page(request: HttpRequest, response: Any) -> bool:
    """Whether an answer is an error that is no problem yet."""
    kind = str(response.headers.get("Content-Type", ""))
    return response.status_code >= HTTPStatus.BAD_REQUEST and not kind.startswith(CONTENT_TYPE)
