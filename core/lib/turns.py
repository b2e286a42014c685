"""Turns: what many ask for at once is done together by one thread, so that they share a commit and keep no thread waiting.

A turn takes what has been asked for since the last one began. So under little load everybody has a turn to themselves, and
nobody waits for others to come; but for what has a pause between its turns, since nobody waits for it.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import close_old_connections

MOST = 500  # that share a turn
IDLE = 1.0  # seconds after which a connection may be gone

logger = logging.getLogger(__name__)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Turns(Generic[Asked, Answer]):
    """The thread of one kind of work, started by the first who asks. `do` gives an answer for each, in their order."""

    def __init__(
        self, name: str, do: Callable[[Sequence[Asked]], Sequence[Answer | None]], *, pause: float = 0
    ) -> None:
        self.name, self.do, self.pause = name, do, pause
        self.waiting: queue.SimpleQueue[tuple[Asked, asyncio.Future[Answer | None] | None]] = queue.SimpleQueue()
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None

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
        if self.thread is not None:
            return
        with self.starting:
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self.thread.start()

    def _run(self) -> None:
        last = 0.0
        while True:
            turn = self._next()
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

    def _next(self) -> list[tuple[Asked, "asyncio.Future[Answer | None] | None"]]:
        turn = [self.waiting.get()]
        while len(turn) < MOST and not self.waiting.empty():
            turn.append(self.waiting.get())
        return turn


def _settle(futures: Sequence["asyncio.Future[Answer | None]"], answers: Sequence[Answer | None]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if not future.done():  # whoever asked may be gone
            future.set_result(answer)
