"""The collector: views wait in memory for a second or two and are then written together, by a thread of its own.

What waits is bounded: more than that is left out, and counted as such. A process that is killed loses what waits in it.
Addresses and browsers' names are no longer there once the visitors of a day have been told apart.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from typing import NamedTuple

from django.db import DatabaseError, close_old_connections

from articles.models import LeftOut
from articles.readership import pages, raw, salts
from core.lib import clock

EVERY = 1.5  # seconds
MOST = 20_000

logger = logging.getLogger(__name__)


class Visitor(NamedTuple):
    """What tells a visitor from others: neither is ever stored."""

    address: str
    agent: str


class View(NamedTuple):
    """What a beacon tells."""

    at: datetime
    visitor: Visitor
    nonce: int
    depth: int
    path: str
    source: str
    campaign: str


class Act(NamedTuple):
    """What a visitor did that is hoped for."""

    at: datetime
    visitor: Visitor
    kind: str
    path: str


@dataclass
class _Waiting:
    """What has come since the last writing."""

    views: list[View] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    left_out: Counter[tuple[date, str]] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.views) + len(self.acts)


_waiting = _Waiting()
_also: list[Callable[[], object]] = []
_lock = threading.Lock()
_writing = threading.Lock()
_thread: threading.Thread | None = None


def add(thing: View | Act) -> None:
    """Have a view or an act written soon."""
    with _lock:
        if len(_waiting) >= MOST:
            _waiting.left_out[clock.utc_day(), LeftOut.Reason.FULL] += 1
        elif isinstance(thing, View):
            _waiting.views.append(thing)
        else:
            _waiting.acts.append(thing)


def leave_out(reason: LeftOut.Reason, number: int = 1) -> None:
    """Count beacons that are not kept."""
    with _lock:
        _waiting.left_out[clock.utc_day(), reason] += number


def also(write: Callable[[], object]) -> None:
    """Have another part write what it has gathered, as often."""
    _also.append(write)


def start() -> None:
    """Have what waits written from now on, for as long as this process lives."""
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_run, name="readership", daemon=True)
        _thread.start()


def _run() -> None:
    pause = threading.Event()
    while True:
        pause.wait(EVERY)
        close_old_connections()
        for write in (flush, *_also):
            try:
                write()
            except Exception:
                logger.exception("What beacons told could not be written; it is tried again.")
        close_old_connections()


def flush() -> None:
    """Write what waits. If that fails, it waits on."""
    global _waiting
    with _writing:
        with _lock:
            taken, _waiting = _waiting, _Waiting()
        if not taken and not taken.left_out:
            return
        try:
            _write(taken)
        except DatabaseError:
            _take_back(taken)
            raise


def forget() -> None:
    """Drop what waits."""
    global _waiting
    with _lock:
        _waiting = _Waiting()


def _take_back(taken: _Waiting) -> None:
    with _lock:
        room = max(0, MOST - len(_waiting))
        kept = taken.views[:room]
        _waiting.views[:0] = kept
        _waiting.acts[:0] = taken.acts
        _waiting.left_out.update(taken.left_out)
        if lost := len(taken.views) - len(kept):
            _waiting.left_out[clock.utc_day(), LeftOut.Reason.FULL] += lost


def _write(taken: _Waiting) -> None:
    known = pages.known({view.path for view in taken.views} | {act.path for act in taken.acts})
    unknown = Counter((_day(view), LeftOut.Reason.NO_PAGE.value) for view in taken.views if view.path not in known)
    views = [view for view in taken.views if view.path in known]
    for day, of_day in groupby(sorted(views, key=_day), key=_day):
        salt = salts.of(day)
        rows = (
            raw.Row(visitor=salts.number(salt, view.visitor), article=known[view.path], view=view) for view in of_day
        )
        raw.write(day, rows)
    for day, acts in groupby(sorted(taken.acts, key=_day), key=_day):
        salt = salts.of(day)
        raw.write_acts(day, [(act, salts.number(salt, act.visitor), act.path in known) for act in acts])
    raw.count_left_out(taken.left_out + unknown)


def _day(thing: View | Act) -> date:
    return thing.at.astimezone(UTC).date()
