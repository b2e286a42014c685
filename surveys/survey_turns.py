"""Surveys as they are answered by the hundred: first pages, what was answered, last buttons; in turns, ahead of Django's middleware.

Nothing is decided here that surveys.questionnaires.views would decide otherwise. What is not plain goes there.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.urls import reverse

from core.lib.forms import client_address, no_store, personal
from core.lib.gateway import Environ, InTurn, Ready, Route
from core.lib.networks import public_network_of
from core.lib.prepared_answers import Prepared, passes_by, path_like, prepare, together
from core.lib.signing import BadToken, read_token
from core.pagecache import per_generation
from core.ratelimit import count_all
from surveys import keys
from surveys.models import Survey
from surveys.questionnaires import (
    access,
    finishing,
    many_at_once,
    polls,
    responses,
    sittings,
    summaries,
    versions,
    views,
)
from surveys.questionnaires.many_at_once import First
from surveys.questionnaires.page_forms import PageForm


@per_generation
def _open() -> dict[str, int]:
    """The surveys that are answered here, by slug: whoever makes up others has nothing kept for them."""
    return {survey.slug: survey.pk for survey in Survey.objects.open() if many_at_once.is_plain(survey)}


class _First(NamedTuple):
    request: WSGIRequest
    first: First
    network: str


def _first(environ: Environ) -> _First | None:
    _, _, slug, *link, _ = environ["PATH_INFO"].split("/")
    request = passes_by(environ) if slug in _open() else None
    asked = versions.asked(slug) if request else None
    if request is None or asked is None or polls.question_of(asked.definition) or asked.definition.quotas:
        return None
    form = PageForm(asked.definition, responses.first_page(asked.definition), data=request.POST)
    if request.POST.get("website") or not form.is_valid():
        return None
    address = client_address(request)
    with suppress(keys.PepperMissing, access.NotThisWay):
        if link:
            entry = access.from_link(asked.survey, link[-1])
            return None if entry.is_test else _First(request, First(asked, form, entry), "")
        entry = views.entry_of(request, asked.survey, address)
        return _First(request, First(asked, form, entry), public_network_of(address))
    return None


def _begin(wanted: Sequence[_First]) -> list[Ready | None]:
    answers: list[Ready | None] = [None] * len(wanted)
    taken = [place for place, allowed in enumerate(_allowed(wanted)) if allowed]
    with suppress(keys.PepperMissing):
        begun = many_at_once.begin_all([wanted[place].first for place in taken]) if taken else []
        for place, one in zip(taken, begun, strict=True):
            page = _redirect(wanted[place].request.is_secure()) if one else None
            if one and page:
                answers[place] = _leading_to(page, sittings.address_of(*one))
    return answers


def _allowed(wanted: Sequence[_First]) -> list[bool]:
    """Whether the limit of each network has room; it is counted here, and once more where the view is asked after all."""
    events = [
        (views.limit_of(each.first.asked.survey, each.network), views.LIMIT_SECONDS) for each in wanted if each.network
    ]
    counts = iter(count_all(events) if events else [])
    return [not each.network or next(counts) <= views.PER_HOUR for each in wanted]


@per_generation
def _redirect(secure: bool) -> Prepared | None:
    """An answer that leads elsewhere, but for where."""
    return prepare(reverse("surveys:survey-index"), lambda _: no_store(HttpResponse(status=303)), secure=secure)


def _leading_to(page: Prepared, address: str) -> Ready:
    ready = page.filled({})
    return Ready(ready.status, (*ready.headers, (b"location", address.encode())), ready.body)


class _OfSitting(NamedTuple):
    request: WSGIRequest
    survey: Survey
    sitting: int


def _of_sitting(environ: Environ) -> _OfSitting | None:
    slug, token = environ["PATH_INFO"].split("/")[2], environ["PATH_INFO"].split("/")[4]
    request = passes_by(environ) if slug in _open() else None
    asked = versions.asked(slug) if request else None
    if request is None or asked is None:
        return None
    try:
        survey, sitting = read_token(sittings.PURPOSE, token)
    except (BadToken, ValueError):
        return None
    return _OfSitting(request, asked.survey, sitting) if survey == asked.survey.pk else None


Found = TypeVar("Found")


def _by_survey(
    wanted: Sequence[_OfSitting], find: Callable[[Survey, Sequence[int]], dict[int, Found]]
) -> dict[int, Found]:
    """What is found of the sittings of each survey, but of those whose pepper is missing."""
    by_survey: dict[Survey, list[int]] = {}
    for each in wanted:
        by_survey.setdefault(each.survey, []).append(each.sitting)
    found = dict[int, Found]()
    for survey, asked_of in by_survey.items():
        with suppress(keys.PepperMissing):
            found |= find(survey, asked_of)
    return found


def _summarise(wanted: Sequence[_OfSitting]) -> list[Ready | None]:
    ways = _by_survey(wanted, many_at_once.at_their_end)
    return [
        summaries.summary(*ways[each.sitting], secure=each.request.is_secure()) if each.sitting in ways else None
        for each in wanted
    ]


def _finish(wanted: Sequence[_OfSitting]) -> list[Ready | None]:
    done = _by_survey(wanted, many_at_once.finish_all)
    return [
        page.filled({})
        if each.sitting in done and (page := _thanks(each.survey, done[each.sitting], each.request.is_secure()))
        else None
        for each in wanted
    ]


@per_generation
def _thanks(survey: Survey, again: bool, secure: bool) -> Prepared | None:
    path = reverse("surveys:survey-sitting", args=[survey.slug, "token"])
    finished = finishing.Finished(survey, "complete", again=again)
    return prepare(path, lambda request: personal(views.thank(request, finished)), secure=secure)


def in_turns() -> dict[Route, InTurn]:
    """What is answered in turns, by method and path."""
    sitting = path_like("surveys:survey-sitting", "slug", "token")
    return {
        ("POST", path_like("surveys:survey-show", "slug")): together(_first, _begin),
        ("POST", path_like("surveys:survey-begin", "slug", "token")): together(_first, _begin),
        ("GET", sitting): together(_of_sitting, _summarise),
        ("POST", sitting): together(_of_sitting, _finish),
    }
