"""Conversations over the network: several at once in one thread, or one alone.

A conversation is a generator. It yields what it waits for, is gone on with when that has come, and returns what came of it.
Whoever holds it has a socket that does not block. A thread for each would spend half its time on waking the others up.
"""

import math
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Protocol, TypeVar

MOST_THREADS = 100  # an opening that hangs must not hold up what is done beside it

Result = TypeVar("Result")


class Wait(Enum):
    """What a conversation waits for."""

    OPENING = 0  # of the connection, which blocks
    READ = select.POLLIN
    WRITE = select.POLLOUT


Talk = Generator[Wait, None, Result]


class Talker(Protocol):
    """Whoever holds a conversation. What it waits for has to come `until` then, by time.monotonic()."""

    until: float

    def open(self) -> None:
        """Connect. What this raises is raised in the conversation."""

    def fileno(self) -> int: ...


def held(talker: Talker, talk: Talk[Result]) -> Result:
    """Hold one conversation to its end; return what came of it."""
    try:
        waits = next(talk)
        while True:
            error = _error_of_opening(talker) if waits is Wait.OPENING else _lateness(talker, waits)
            waits = talk.throw(error) if error else next(talk)
    except StopIteration as end:
        result: Result = end.value
        return result


@dataclass(slots=True)
class _Place:
    """One conversation, and what is looked at for it: the events of a socket."""

    talker: Talker
    talk: Talk[None]
    waits: Wait = Wait.OPENING
    fd: int = -1


class Talks:
    """Conversations that go on by turns. What one of them raises is raised by whoever gives it its turn."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._places: dict[int, _Place] = {}  # by the sockets that are looked at
        self._opening, self._opened = 0, deque[tuple[_Place, BaseException | None]]()
        self._others = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="talks")
        self._bell, self._rung = socket.socketpair()
        self._rung.setblocking(False)
        self._poll.register(self._rung, select.POLLIN)

    def begin(self, talker: Talker, talk: Talk[None]) -> None:
        """Have a conversation, up to where it waits for something."""
        self._go_on(_Place(talker, talk))

    def beside(self, work: Callable[[], Result]) -> Result:
        """Go on with them while another thread does some work; return what that returns."""
        doing = self._others.submit(work)
        doing.add_done_callback(lambda _: self._bell.send(b"."))
        while not doing.done():
            self.turn(60)
        return doing.result()

    def turn(self, seconds: float) -> bool:
        """Go on with those that can, after so many seconds at most; whether any did."""
        late = min((place.talker.until for place in self._places.values()), default=math.inf)
        ready = self._poll.poll(_milliseconds(min(time.monotonic() + seconds, late)))
        for fd, _ in ready:
            if fd == self._rung.fileno():
                self._rung.recv(4096)
                self._go_on_with_opened()
            else:
                self._go_on(self._places[fd])
        is_late = time.monotonic() >= late and self._give_up_late()
        return bool(ready) or is_late

    def finish(self) -> None:
        """Hold all that go on to their ends; no more can begin."""
        while self._places or self._opening:
            self.turn(60)
        self._others.shutdown(wait=True)
        self._bell.close()
        self._rung.close()

    def _go_on(self, place: _Place, error: BaseException | None = None) -> None:
        try:
            waits = place.talk.throw(error) if error else next(place.talk)
        except BaseException as end:
            self._forget(place)
            if not isinstance(end, StopIteration):
                raise
            return
        if waits is Wait.OPENING:
            self._forget(place)
            self._open(place)
        elif waits is not place.waits or place.talker.fileno() != place.fd:
            self._forget(place)
            place.waits, place.fd = waits, place.talker.fileno()
            self._places[place.fd] = place
            self._poll.register(place.fd, waits.value)

    def _open(self, place: _Place) -> None:
        try:
            opening = self._others.submit(place.talker.open)
        except RuntimeError as error:  # this machine has no thread left
            self._go_on(place, OSError(f"there is no thread for it: {error}"))
        else:
            self._opening += 1
            opening.add_done_callback(partial(self._has_opened, place))

    def _has_opened(self, place: _Place, opening: Future[None]) -> None:
        self._opened.append((place, opening.exception()))
        self._bell.send(b".")

    def _go_on_with_opened(self) -> None:
        while self._opened:
            self._opening -= 1
            self._go_on(*self._opened.popleft())

    def _forget(self, place: _Place) -> None:
        if self._places.get(place.fd) is place:
            del self._places[place.fd]
            self._poll.unregister(place.fd)
        place.waits, place.fd = Wait.OPENING, -1

    def _give_up_late(self) -> bool:
        now = time.monotonic()
        late = [place for place in self._places.values() if place.talker.until <= now]
        for place in late:
            self._go_on(place, TimeoutError("timed out"))
        return bool(late)


def _error_of_opening(talker: Talker) -> Exception | None:
    try:
        talker.open()
    except Exception as error:  # noqa: BLE001 (it is raised in the conversation)
        return error
    return None


def _lateness(talker: Talker, waits: Wait) -> Exception | None:
    """Wait for what a conversation waits for; the error if that does not come in time."""
    poll = select.poll()
    poll.register(talker.fileno(), waits.value)
    return None if poll.poll(_milliseconds(talker.until)) else TimeoutError("timed out")


def _milliseconds(until: float) -> float:
    return max(0.0, until - time.monotonic()) * 1000
