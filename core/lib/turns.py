"""Turns: what many ask for at once is done together by a thread, so that they share a commit and keep no thread each waiting.

A turn takes what has been asked for since the last one began. Under little load everybody has a turn to themselves, and
nobody waits for others to come; where several came, the next turn waits until as many are there again, for a few
milliseconds at most, since a turn costs little more for many than for one. What nobody waits for can have a longer pause
between its turns.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil
from typing import Generic, TypeVar

from django.db import close_old_connections, connections

MOST = 500  # that share a turn
GATHERING = 0.003  # seconds at most
IDLE = 1.0  # seconds after which a connection may be gone
KEPT = 30.0  # seconds for which a thread that has nothing to do keeps its connection

logger = logging.getLogger(__name__)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Turns(Generic[Asked, Answer]):
    """One kind of work and its threads, started by the first who asks. `do` gives an answer for each, in their order.

    With two threads, one turn is read and answered while another waits for the database; each takes its share of those who
    come.
    """

    def __init__(
        self,
        name: str,
        do: Callable[[Sequence[Asked]], Sequence[Answer | None]],
        *,
        pause: float = 0,
        threads: int = 1,
    ) -> None:
        self.name, self.do, self.pause, self.kept = name, do, pause, KEPT
        self.lately: deque[int] = deque([0] * threads, maxlen=threads)  # how many shared each of the last turns
        self.gathering = threading.Lock()
        self.waiting: queue.SimpleQueue[tuple[Asked, asyncio.Future[Answer | None] | None]] = queue.SimpleQueue()
        self.starting = threading.Lock()
        self.started = False

    async def ask(self, asked: Asked) -> Answer | None:
        """The answer of the next turn; None where it had none, or failed: then it has to be asked for in another way."""
        future = asyncio.get_running_loop().create_future()
        self._put(asked, future)
        answer: Answer | None = await future
        return answer

    def tell(self, asked: Asked) -> None:
        """Have something done in the next turn, whatever comes of it."""
        self._put(asked, None)

    def _put(self, asked: Asked, future: "asyncio.Future[Answer | None] | None") -> None:
        self.waiting.put((asked, future))
        if self.started:
            return
        with self.starting:
            for _ in range(0 if self.started else len(self.lately)):
                threading.Thread(target=self._run, name=self.name, daemon=True).start()
            self.started = True

    def _run(self) -> None:
        last = 0.0
        while True:
            turn = self._gathered()
            if time.monotonic() - last > IDLE:
                close_old_connections()
            futures = [future for _, future in turn if future]
            answers: Sequence[Answer | None] = [None] * len(turn)
            try:
                answers = self.do([asked for asked, _ in turn])
            except Exception:
                logger.exception("A turn of %s failed.", self.name)
                close_old_connections()
            if futures:
                futures[0].get_loop().call_soon_threadsafe(_settle, futures, answers)
            last = time.monotonic()
            time.sleep(self.pause)

    def _gathered(self) -> "list[tuple[Asked, asyncio.Future[Answer | None] | None]]":
        """The next turn. While there is none, a connection is kept for a while, and then given back."""
        if not self.gathering.acquire(timeout=self.kept):
            connections.close_all()
            self.gathering.acquire()
        try:
            turn = self._next(expected=ceil(sum(self.lately) / len(self.lately)))
            self.lately.append(len(turn))
        finally:
            self.gathering.release()
        return turn

    def _next(self, *, expected: int) -> list[tuple[Asked, "asyncio.Future[Answer | None] | None"]]:
        try:
            turn = [self.waiting.get(timeout=self.kept)]
        except queue.Empty:
            connections.close_all()
            turn = [self.waiting.get()]
        until = time.monotonic() + GATHERING
        with suppress(queue.Empty):
            while len(turn) < expected:
                turn.append(self.waiting.get(timeout=max(until - time.monotonic(), 0)))
        with suppress(queue.Empty):
            while len(turn) < MOST:
                turn.append(self.waiting.get_nowait())
        return turn


def _settle(futures: Sequence["asyncio.Future[Answer | None]"], answers: Sequence[Answer | None]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if not future.done():  # whoever asked may be gone
            future.set_result(answer)
