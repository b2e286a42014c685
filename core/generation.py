"""The content generation: one number in the database that grows with every change readers can see.

Every process asks for it at most every POLL_SECONDS, when a reader asks something of it, so what it keeps by generation
is never staler than that, on any host and with no other infrastructure.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, connection

P = ParamSpec("P")
T = TypeVar("T")

POLL_SECONDS = 0.5
KEPT = 2_000  # answers of one function

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_known = {"generation": -1, "checked": 0.0}
_remembered: list[dict[Any, tuple[int, Any]]] = []  # of each function


def bump() -> None:
    """Say that something readers see has changed. Call it in the transaction that changes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_contentgeneration (id, value) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET value = core_contentgeneration.value + 1"
        )
    _known["checked"] = 0.0


def current() -> int:
    """The content generation, at most POLL_SECONDS old: one caller asks the database, the others go on meanwhile.

    While the database cannot be reached, the last one known; -1 where none ever was.
    """
    if known() is None and _lock.acquire(blocking=not _known["checked"]):
        try:
            _refresh()
        finally:
            _lock.release()
    return int(_known["generation"])


def known() -> int | None:
    """The content generation, if it is known without asking the database; else None."""
    fresh = time.monotonic() - _known["checked"] <= POLL_SECONDS
    return int(_known["generation"]) if fresh else None


def _refresh() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM core_contentgeneration WHERE id = 1")
            row = cursor.fetchone()
        _known["generation"] = row[0] if row else 0
    except DatabaseError as error:
        logger.warning("The content generation cannot be read, so kept pages may be out of date: %s", error)
        connection.close()
    _known["checked"] = time.monotonic()


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
        generation = current()
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
    _known.update(generation=-1, checked=0.0)
