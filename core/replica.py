"""A read replica for reports and exports, where REPLICA_URL names one: what they tell need not be of this second.

In a view that is marked with `for_reports`, rows of the parts (settings.REPLICATED) are read from it. The primary has all else:
what is written, what is read within a transaction, statements of SQL by hand, and accounts, sessions and keys, of which nobody may see
a former state. Nothing is read from a replica that cannot be reached, or of which nobody knows that it is at most LONGEST_LAG behind; and
what it has not got yet is looked for in the primary.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.models import Max, Model
from django.db.models.functions import Now
from django.http import Http404, StreamingHttpResponse
from django.template.response import TemplateResponse
from rest_framework.exceptions import ValidationError

from core.models import Heartbeat

P = ParamSpec("P")
R = TypeVar("R")
ALIAS = "replica"
LONGEST_LAG = timedelta(seconds=60)

logger = logging.getLogger(__name__)
_reads_from: ContextVar[str] = ContextVar("reads_from", default=DEFAULT_DB_ALIAS)


class Router:
    """Says where a model's rows are read from, and that only the primary is written to."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        if model._meta.app_label not in settings.REPLICATED or connection.in_atomic_block:
            return DEFAULT_DB_ALIAS
        return _reads_from.get()

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_rows: Model, **_hints: Any) -> bool:
        return True  # they are the same rows

    def allow_migrate(self, db: str, *_about: Any, **_hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def for_reports(view: Callable[P, R]) -> Callable[P, R]:
    """Has a view read from the replica, also while its answer is rendered and sent.

    Where it says that something is not there (in the API also by a ValidationError), or the replica breaks it off, as it does with
    what stands in the way of following, it is asked once more, of the primary.
    """

    def answered(alias: str, *args: P.args, **kwargs: P.kwargs) -> R:
        with _reading(alias):
            response = view(*args, **kwargs)
            if isinstance(response, TemplateResponse):
                response.render()
        return response

    @wraps(view)
    def reported(*args: P.args, **kwargs: P.kwargs) -> R:
        alias = usable()
        try:
            response = answered(alias, *args, **kwargs)
        except (Http404, ValidationError, DatabaseError):
            if alias == DEFAULT_DB_ALIAS:
                raise
            alias = DEFAULT_DB_ALIAS
            response = answered(alias, *args, **kwargs)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _streamed(alias, iter(cast("Iterable[bytes]", response.streaming_content)))
        return response

    return reported


def usable() -> str:
    """The replica, where there is one that is there and not far behind, else the primary."""
    behind = lag()
    if behind is None or behind > LONGEST_LAG:
        if ALIAS in connections:
            logger.warning("Reports are read from the primary: the replica %s", in_words(behind))
        return DEFAULT_DB_ALIAS
    return ALIAS


def lag() -> timedelta | None:
    """How far the replica is behind, to ten seconds or so.

    None where there is none, where it cannot be reached, and where neither worker nor beat has been alive of late, which is what tells.
    """
    if ALIAS not in connections:
        return None
    try:
        seen = Heartbeat.objects.using(ALIAS).aggregate(at=Max("at"))["at"]
    except DatabaseError:
        connections[ALIAS].close()
        return None
    newest = Heartbeat.objects.filter(at__gt=Now() - LONGEST_LAG).aggregate(at=Max("at"))["at"]
    return newest - seen if newest and seen else None


def in_words(behind: timedelta | None) -> str:
    if behind is None:
        return "cannot be reached, or nothing tells how far behind it is, since neither worker nor beat is alive"
    return f"is {behind.total_seconds():.0f} seconds behind"


@contextmanager
def _reading(alias: str) -> Iterator[None]:
    token = _reads_from.set(alias)
    try:
        yield
    finally:
        _reads_from.reset(token)


def _streamed(alias: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of an answer, each of which is made while it is sent."""
    over = object()
    while True:
        with _reading(alias):
            piece: Any = next(pieces, over)
        if piece is over:
            return
        yield piece
