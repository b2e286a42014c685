"""What staff are told where the database refuses what two did at one moment: words and the page as it stands, never an error page."""

from collections.abc import Callable
from functools import cache

from django.apps import apps
from django.contrib import messages
from django.db import IntegrityError
from django.db.models import BaseConstraint
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

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
        if not (isinstance(error, IntegrityError) and request.method == "POST" and _is_desk(request)):
            return None
        words = " ".join(filter(None, [MET, words_of(error)]))
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":  # a script of ours shows the text
            return HttpResponse(words, status=409, content_type="text/plain; charset=utf-8")
        messages.error(request, f"{words} Here is how it stands now.")
        return HttpResponseRedirect(request.get_full_path())


def words_of(error: IntegrityError) -> str:
    """What the constraint that refused says of itself, if it has words of its own."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return _words().get(name or "", "")


@cache
def _words() -> dict[str, str]:
    constraints = (each for model in apps.get_models() for each in model._meta.constraints)
    return {
        each.name: str(each.violation_error_message) for each in constraints if each.violation_error_message != _DEFAULT
    }


def _is_desk(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("admin:index"))
