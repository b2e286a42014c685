"""What staff are told where the database refuses what two did at one moment: words and the page as it stands, never an error page."""

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib import messages
from django.db import IntegrityError
from django.db.models import BaseConstraint, ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from psycopg.errors import DeadlockDetected, ForeignKeyViolation, RestrictViolation

NAMED = 3  # of the rows that use one
MET = "Somebody else changed the same at the same moment, so nothing of this was saved."
_DEFAULT = BaseConstraint.default_violation_error_message


class ConflictMiddleware:
    """Answers a POST to the admin that a constraint refused: what was begun is undone, and the page is shown as it is now.

    Forms and functions check before they write; this is for what happens between the check and the write.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not (is_conflict(error) and request.method == "POST" and _is_desk(request)):
            return None
        if not is_by_page(request):  # a script of ours shows the text
            return HttpResponse(told(error), status=409, content_type="text/plain; charset=utf-8")
        messages.error(request, f"{told(error)} Here is how it stands now.")
        return HttpResponseRedirect(_page_of(request))


def _page_of(request: HttpRequest) -> str:
    """The page of the desk that a form was sent from: a button's own address may take no GET."""
    page = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(page, {request.get_host()}) and urlsplit(page).path.startswith(_desk()):
        return urlsplit(page)._replace(scheme="", netloc="").geturl()
    return request.get_full_path()


def is_conflict(error: Exception) -> bool:
    """Whether the database refused what two did: by a constraint, or since each waited for the other."""
    return isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected)


def is_by_page(request: HttpRequest) -> bool:
    """Whether a page was sent, and not a script's request."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def told(error: Exception) -> str:
    """That nothing was saved, and why."""
    return " ".join(filter(None, [MET, words_of(error)]))


def words_of(error: Exception) -> str:
    """What the constraint or the trigger that refused says of itself, if it has words of its own."""
    if isinstance(error, ProtectedError | RestrictedError):
        return _in_use(error)
    found: Any = getattr(error.__cause__, "diag", None)
    if found is None:
        return ""
    if found.sqlstate == ForeignKeyViolation.sqlstate:
        return "Something of it is gone by now, or others use it."
    if found.sqlstate == RestrictViolation.sqlstate and not found.constraint_name:
        return str(found.message_primary)  # a trigger of ours (core.lib.triggers)
    return _words().get(found.constraint_name or "", "")


def _in_use(error: ProtectedError | RestrictedError) -> str:
    rows = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
    named = [f"{row._meta.verbose_name} “{row}”" for row in islice(rows, NAMED + 1)]
    others = " and others" if len(named) > NAMED else ""
    return f"It is in use by {', '.join(named[:NAMED])}{others}, so it stays."


@cache
def _words() -> dict[str, str]:
    constraints = (each for model in apps.get_models() for each in model._meta.constraints)
    return {
        each.name: str(each.violation_error_message) for each in constraints if each.violation_error_message != _DEFAULT
    }


def _is_desk(request: HttpRequest) -> bool:
    return request.path.startswith(_desk())


def _desk() -> str:
    return reverse("admin:index")
