"""Votes and their confirmations as they come in by the hundred: answered in turns, ahead of Django's middleware.

Nothing is decided here that surveys.ballot_views would decide otherwise: forms, rules and statements are the same, for as
many as came together. Whatever is not plain (a wrong entry, a link that has expired, a ballot that was changed, a missing
pepper) has no answer here, and goes there.
"""

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeVar

from django.core.handlers.wsgi import WSGIRequest
from django.urls import reverse

from articles.readership import outcomes
from core.lib.forms import client_address
from core.lib.gateway import Environ, InTurn, Ready
from core.lib.prepared_answers import Prepared, mark, passes_by, prepare
from core.lib.signing import BadToken, read_token
from core.lib.turns import Turns
from core.pagecache import per_generation
from surveys import ballot_views, ballots, keys, request_signals
from surveys.forms import VoteForm
from surveys.models import AwardCategory, Season

VIEW = "surveys:vote"
EMAIL = mark()

logger = logging.getLogger(__name__)
Read = TypeVar("Read")


def in_turns() -> dict[re.Pattern[bytes], InTurn]:
    """What is answered in turns, by path."""
    vote = re.escape(reverse(VIEW, args=["season"])).replace("season", "[-a-zA-Z0-9_]+")
    confirmation = re.escape(reverse("surveys:ballot-confirm", args=["token"])).replace("token", "[-a-zA-Z0-9_]+")
    return {re.compile(vote.encode()): votes, re.compile(confirmation.encode()): confirmations}


def _read(environ: Environ, read: Callable[[Environ], Read | None]) -> Read | None:
    """What one request asks for. One that breaks here goes the way of all others alone: it shall cost nobody their turn."""
    try:
        return read(environ)
    except Exception:
        logger.exception("A request was not read for its turn.")
        return None


# Asking for a link


@dataclass(frozen=True, slots=True)
class Plan:
    """A season that readers may know of, with the categories that are open, as of the content generation."""

    season: Season
    open_ones: list[AwardCategory]


@per_generation
def _plan(slug: str) -> Plan | None:
    season = Season.objects.public().filter(slug=slug).first()
    if season is None:
        return None
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
    asked: ballots.Asked


def votes(environs: Sequence[Environ]) -> list[Ready | None]:
    """Take the votes that are complete and right, and say that their links are on the way."""
    wanted = [_read(environ, _vote) for environ in environs]
    try:
        replies = iter(ballots.take([vote.asked for vote in wanted if vote], note=_note))
    except keys.PepperMissing:
        return [None] * len(environs)
    return [_sent(vote, next(replies)) if vote else None for vote in wanted]


def _vote(environ: Environ) -> _Vote | None:
    request = passes_by(environ)
    plan = _plan(environ["PATH_INFO"].rstrip("/").split("/")[-2]) if request else None
    if request is None or plan is None or not plan.open_ones:
        return None
    form = VoteForm(plan.season, plan.open_ones, request.POST)
    if form.is_trapped or not form.is_valid() or form.cleaned_data["subscribe"]:
        return None
    return _Vote(request, form.asked(ip=client_address(request)))


def _sent(vote: _Vote, reply: ballots.Reply | None) -> Ready | None:
    page = _sent_page(vote.asked.season, reply, vote.request.is_secure()) if reply else None
    if page is None:
        return None
    outcomes.note(vote.request, VIEW)
    return page.filled({EMAIL: vote.asked.email})


@per_generation
def _sent_page(season: Season, reply: ballots.Reply, secure: bool) -> Prepared | None:
    path = reverse(VIEW, args=[season.slug])
    return prepare(path, lambda request: ballot_views.sent(request, season, EMAIL, reply), secure=secure)


# Confirming


class _Confirmation(NamedTuple):
    request: WSGIRequest
    season: Season
    pending_id: int


def confirmations(environs: Sequence[Environ]) -> list[Ready | None]:
    """Cast the ballots that are confirmed as they are, and show their receipts."""
    answers: list[Ready | None] = [None] * len(environs)
    by_season: dict[Season, list[tuple[int, _Confirmation]]] = {}
    for place, environ in enumerate(environs):
        if wanted := _read(environ, _confirmation):
            by_season.setdefault(wanted.season, []).append((place, wanted))
    for season, group in by_season.items():
        with suppress(keys.PepperMissing):
            outcomes = ballots.confirm_all(season, [wanted.pending_id for _, wanted in group])
            for (place, wanted), outcome in zip(group, outcomes, strict=True):
                answers[place] = _cast(wanted, outcome)
    return answers


@per_generation
def _season(pk: int) -> Season | None:
    return Season.objects.prefetch_related("categories").filter(pk=pk).first()


def _confirmation(environ: Environ) -> _Confirmation | None:
    request = passes_by(environ)
    if request is None or not {"changed", "email"}.isdisjoint(request.POST):
        return None
    try:
        values = read_token(ballots.PURPOSE, environ["PATH_INFO"].rstrip("/").rpartition("/")[2])
    except BadToken:
        return None
    season = _season(values[0]) if len(values) == 2 else None
    return _Confirmation(request, season, values[1]) if season else None


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
    return prepare(path, lambda request: ballot_views.personal(ballot_views.cast(request, casting)), secure=secure)


@cache
def _mark_of(category: AwardCategory) -> str:
    """What stands in a page for the receipt in a category."""
    return mark()
