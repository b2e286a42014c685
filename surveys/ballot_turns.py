"""Votes and their confirmations as they come in by the hundred: answered in turns, ahead of Django's middleware.

Nothing is decided here that surveys.ballot_views would decide otherwise: forms, rules and statements are the same, for as
many as came together. Whatever is not plain (a wrong entry, a link that has expired, a ballot that was changed, a missing
pepper) has no answer here, and goes there.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from django.core.handlers.wsgi import WSGIRequest
from django.urls import reverse

from articles.readership import outcomes
from core.lib.forms import client_address, personal
from core.lib.gateway import Environ, InTurn, Ready, Route
from core.lib.prepared_answers import Prepared, mark, passes_by, path_like, prepare, together
from core.lib.signing import BadToken, read_token
from core.lib.turns import Turns
from core.pagecache import per_generation
from surveys import ballot_requests, ballot_views, ballots, keys, request_signals
from surveys.forms import plain_vote
from surveys.models import AwardCategory, Season

VIEW = "surveys:vote"
EMAIL = mark()

# Asking for a link


@per_generation
def _voting() -> dict[str, int]:
    """The seasons that readers may know of and vote in, by slug: whoever makes up others has nothing kept for them."""
    return dict(Season.objects.public().filter(state=Season.State.VOTING).values_list("slug", "pk"))


@dataclass(frozen=True, slots=True)
class Plan:
    """A season with the categories that are open, as of the content generation."""

    season: Season
    open_ones: list[AwardCategory]


@per_generation
def _plan(pk: int) -> Plan:
    season = Season.objects.get(pk=pk)
    return Plan(season, list(season.categories.taking_ballots().prefetch_related("nominees")))


def _note_all(askers: Sequence[request_signals.Asker]) -> Sequence[None]:
    request_signals.note(askers)
    return [None] * len(askers)


# Written once a second: a process that is killed loses as much of the signals, and of the votes nothing.
_signals = Turns[request_signals.Asker, None]("signals of requests", _note_all, pause=1)


def _note(askers: Sequence[request_signals.Asker]) -> None:
    for asker in askers:
        _signals.tell(asker)


class _Vote(NamedTuple):
    request: WSGIRequest
    asked: ballot_requests.Asked


def _vote(environ: Environ) -> _Vote | None:
    request = passes_by(environ)
    pk = _voting().get(environ["PATH_INFO"].rstrip("/").split("/")[-2]) if request else None
    if request is None or pk is None:
        return None
    plan = _plan(pk)
    asked = plain_vote(plan.season, plan.open_ones, request.POST, ip=client_address(request))
    return _Vote(request, asked) if asked else None


def _take(wanted: Sequence[_Vote]) -> list[Ready | None]:
    try:
        replies = ballot_requests.take([vote.asked for vote in wanted], note=_note)
    except keys.PepperMissing:
        return [None] * len(wanted)
    return [_answer(vote, reply) for vote, reply in zip(wanted, replies, strict=True)]


votes = together(_vote, _take)  # that are complete and right; what it says is that their links are on the way


def _answer(vote: _Vote, reply: ballot_requests.Reply | None) -> Ready | None:
    season, secure = vote.asked.season, vote.request.is_secure()
    if reply is None:  # it was counted by the limits: the view would count it again
        closed = _closed_page(season.pk, secure)
        return closed.filled({}) if closed else None
    page = _sent_page(season, reply, secure)
    if page is None:
        return None
    outcomes.note(vote.request, VIEW)
    return page.filled({EMAIL: vote.asked.email})


@per_generation
def _closed_page(pk: int, secure: bool) -> Prepared | None:
    season = Season.objects.get(pk=pk)
    path = reverse(VIEW, args=[season.slug])
    return prepare(path, lambda request: ballot_views.closed(request, season), secure=secure)


@per_generation
def _sent_page(season: Season, reply: ballot_requests.Reply, secure: bool) -> Prepared | None:
    path = reverse(VIEW, args=[season.slug])
    return prepare(path, lambda request: ballot_views.sent(request, season, EMAIL, reply), secure=secure)


# Confirming


class _Confirmation(NamedTuple):
    request: WSGIRequest
    season: Season
    pending_id: int


@per_generation
def _season(pk: int) -> Season | None:
    return Season.objects.prefetch_related("categories").filter(pk=pk).first()


def _confirmation(environ: Environ) -> _Confirmation | None:
    request = passes_by(environ)
    if request is None or not {"changed", "email"}.isdisjoint(request.POST):
        return None
    try:
        values = read_token(ballot_requests.PURPOSE, environ["PATH_INFO"].rstrip("/").rpartition("/")[2])
    except BadToken:
        return None
    season = _season(values[0]) if len(values) == 2 else None
    return _Confirmation(request, season, values[1]) if season else None


def _confirm(wanted: Sequence[_Confirmation]) -> list[Ready | None]:
    answers: list[Ready | None] = [None] * len(wanted)
    by_season: dict[Season, list[int]] = {}
    for place, each in enumerate(wanted):
        by_season.setdefault(each.season, []).append(place)
    for season, places in by_season.items():
        with suppress(keys.PepperMissing):
            cast = ballots.confirm_all(season, [wanted[place].pending_id for place in places])
            for place, outcome in zip(places, cast, strict=True):
                answers[place] = _cast(wanted[place], outcome)
    return answers


confirmations = together(_confirmation, _confirm)  # of ballots as they are; what it shows are the receipts


def _cast(confirmation: _Confirmation, casting: ballots.Outcome) -> Ready | None:
    if not isinstance(casting, ballots.Casting):
        return None
    shape = _Shape(
        cast=tuple(category for category, _ in casting.cast),
        replaced=tuple(casting.replaced),
        standing=tuple(casting.standing),
        superseded=tuple(casting.superseded),
        closed=tuple(casting.closed),
        again=casting.again,
    )
    page = _cast_page(casting.season, shape, confirmation.request.is_secure())
    return page.filled({_mark_of(category): receipt for category, receipt in casting.cast}) if page else None


class _Shape(NamedTuple):
    """What tells the pages of castings apart, but for the receipts."""

    cast: tuple[AwardCategory, ...]
    replaced: tuple[AwardCategory, ...]
    standing: tuple[AwardCategory, ...]
    superseded: tuple[AwardCategory, ...]
    closed: tuple[AwardCategory, ...]
    again: bool


@per_generation
def _cast_page(season: Season, shape: _Shape, secure: bool) -> Prepared | None:
    casting = ballots.Casting(
        season,
        cast=[(category, _mark_of(category)) for category in shape.cast],
        replaced=list(shape.replaced),
        standing=list(shape.standing),
        superseded=list(shape.superseded),
        closed=list(shape.closed),
        again=shape.again,
    )
    path = reverse("surveys:ballot-confirm", args=["link"])
    return prepare(path, lambda request: personal(ballot_views.cast(request, casting)), secure=secure)


@cache
def _mark_of(category: AwardCategory) -> str:
    """What stands in a page for the receipt in a category."""
    return mark()


def in_turns() -> dict[Route, InTurn]:
    """What is answered in turns, by method and path."""
    return {
        ("POST", path_like(VIEW, "season")): votes,
        ("POST", path_like("surveys:ballot-confirm", "token")): confirmations,
    }
