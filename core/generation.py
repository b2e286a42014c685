"""The content generation: a number in the database that grows with every change readers can see.

Every process asks for it at most every POLL_SECONDS, when a reader asks something of it, so what it keeps by generation
is never staler than twice that, on any host and with no other infrastructure. What articles never show, such as that a briefing
went out, is counted beside it, so that it makes none of their pages out of date.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from django.db import DatabaseError, connection

P = ParamSpec("P")
T = TypeVar("T")

POLL_SECONDS = 0.5
STALEST_SECONDS = 2 * POLL_SECONDS  # what is older nobody is told while it is asked for anew
KEPT = 2_000  # answers of one function


class Generation(NamedTuple):
    """How often something has changed that readers see, and how often of that something that articles may show."""

    of_all: int
    of_articles: int


class _Known:
    """What this process knows of it."""

    generation = Generation(-1, -1)
    checked = 0.0
    is_asking = False  # a thread is about to ask the database


logger = logging.getLogger(__name__)
_lock = threading.Lock()
_known = _Known()
_remembered: list[dict[Any, tuple[int, Any]]] = []  # of each function


def bump(*, in_articles: bool = True) -> None:
    """Say that something readers see has changed. Call it in the transaction that changes it.

    With `in_articles` False, something that neither articles nor lists of them ever show (see `pagecache.of_articles`).
    Both rows are locked in one order, so that no two transactions that say both wait for each other.
    """
    rows = "(2, 0), (1, 1)" if in_articles else "(2, 1)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO core_contentgeneration AS known (id, value) VALUES {rows}"
            " ON CONFLICT (id) DO UPDATE SET value = known.value + excluded.value"
        )
    _known.checked = 0.0


def current() -> Generation:
    """The content generation, at most POLL_SECONDS old: one caller asks the database.

    The others go on meanwhile with the last one, unless it is older than STALEST_SECONDS: then they wait for the answer.
    While the database cannot be reached, the last one known; -1 where none ever was.
    """
    if known() is None and _lock.acquire(timeout=_patience()):
        try:
            if known() is None:  # else it was told while this one waited
                _refresh()
        finally:
            _lock.release()
    return _known.generation


def _patience() -> float:
    """For how many seconds to wait for another thread's answer; -1 for as long as it takes, where nothing is known."""
    if not _known.checked:
        return -1
    return POLL_SECONDS if time.monotonic() - _known.checked > STALEST_SECONDS else 0


def known() -> Generation | None:
    """The content generation, if it is known without asking the database; else None."""
    return _known.generation if time.monotonic() - _known.checked <= POLL_SECONDS else None


def ask_ahead(submit: Callable[[Callable[[], None]], Any]) -> None:
    """Have the database asked by `submit`, in another thread, before what is known gets too old: then no reader waits for it.

    To be called from one thread only.
    """
    if not _known.is_asking and time.monotonic() - _known.checked > POLL_SECONDS / 2:
        _known.is_asking = True
        submit(_ask)


def _ask() -> None:
    try:
        with _lock:
            _refresh()
    finally:
        _known.is_asking = False


def _refresh() -> None:
    try:
        _read()
    except DatabaseError as error:
        logger.warning("The content generation cannot be read, so kept pages may be out of date: %s", error)
    _known.checked = time.monotonic()


def _read() -> None:
    """Read it from the database, by a new connection if the one that this thread had has ended, as after a restart."""
    had_connection = connection.connection is not None
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(value), sum(value) FILTER (WHERE id = 1) FROM core_contentgeneration")
            row = cursor.fetchone()
    except DatabaseError:
        connection.close()
        if not had_connection:
            raise
        _read()
    else:
        _known.generation = Generation(*(int(value or 0) for value in row))


def per_generation(build: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function of hashable arguments: its answer is kept in this process for one content generation.

    Of each function the last KEPT answers are, so that none that is asked for much crowds out those of others.
    """
    answers: dict[Any, tuple[int, Any]] = {}
    lock = threading.Lock()
    _remembered.append(answers)

    @wraps(build)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (args, tuple(sorted(kwargs.items())))
        generation = current().of_all
        kept = answers.get(key)
        if kept is None or kept[0] != generation:
            kept = (generation, build(*args, **kwargs))
            with lock:
                answers.pop(key, None)
                if len(answers) >= KEPT:
                    del answers[next(iter(answers))]
                answers[key] = kept
        return kept[1]

    return remembered


def reset() -> None:
    """Drop everything kept in this process, as at its start."""
    for answers in _remembered:
        answers.clear()
    _known.generation, _known.checked = Generation(-1, -1), 0.0
