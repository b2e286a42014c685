"""Sign-ups as they come in by the hundred: answered in turns, ahead of Django's middleware, as votes are.

Nothing is decided here that newsletter.sign_up_pages would decide otherwise. What is not plain goes there, together with
what was decided of it by then, so that no limit counts it twice.
"""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.handlers.wsgi import WSGIRequest
from django.urls import reverse

from articles.readership import outcomes
from core.lib.forms import client_address
from core.lib.gateway import InTurn, Ready, Route
from core.lib.prepared_answers import Prepared, passes_by, path_like, prepare, together
from core.pagecache import per_generation
from newsletter import sign_up_pages
from newsletter.forms import plain_sign_up
from newsletter.models import Newsletter
from newsletter.subscribers import sign_ups

VIEW = "newsletter:subscribe"


def _take(requests: Sequence[WSGIRequest]) -> list[Ready | None]:
    newsletters = {each.slug: each for each in Newsletter.objects.open()}
    asked = [plain_sign_up(request.POST, newsletters, ip=client_address(request)) for request in requests]
    taken = iter(sign_ups.take([each for each in asked if each]))
    return [_answer(request, next(taken)) if each else None for request, each in zip(requests, asked, strict=True)]


sign_up = together(passes_by, _take)


def _answer(request: WSGIRequest, outcome: sign_ups.Outcome) -> Ready | None:
    if isinstance(outcome, ValidationError):
        return None  # nothing was counted: the form says what is wrong
    if isinstance(outcome, Exception):
        request.META[sign_up_pages.DECIDED] = outcome
        return None
    page = _thanks(outcome, sign_up_pages.wants_json(request), request.is_secure())
    if page is None:
        request.META[sign_up_pages.DECIDED] = outcome
        return None
    outcomes.note(request, VIEW)
    return page.filled({})


@per_generation
def _thanks(reply: sign_ups.Reply, as_json: bool, secure: bool) -> Prepared | None:
    answer = sign_up_pages.thanks_as_json if as_json else sign_up_pages.thanks
    return prepare(reverse(VIEW), lambda request: answer(request, reply.value), secure=secure)


def in_turns() -> dict[Route, InTurn]:
    """What is answered in turns, by method and path."""
    return {("POST", path_like(VIEW)): sign_up}
