"""Ringing a worker: a thread of each process passes task names to the broker, so that nobody waits for a broker.

The work itself is a row, and beat rings for all of it every few seconds. A bell that the broker does not take is
therefore dropped: whoever rang has long gone on.
"""

import atexit
import logging
import os
import queue
import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import transaction

from core.celery import app

logger = logging.getLogger(__name__)

BROKER_SECONDS = 2  # for connecting, and for each answer
IDLE_SECONDS = 5  # then the connection is closed: brokers and firewalls drop those that are silent for long
EXIT_SECONDS = 3  # how long a process that ends waits for its last bells
ROOM = 1_000  # bells that may wait while a broker hangs


@dataclass(frozen=True, slots=True)
class Bell:
    """A task to be run by a worker, `after` some seconds."""

    task: str
    arguments: tuple[Any, ...] = ()
    after: float = 0


def ring(task: str, *arguments: Any, after: float = 0, at_most_every: float = 0) -> None:
    """Have a worker run a task once the transaction has been committed. Neither waits for the broker nor raises.

    `at_most_every`: however often this process rings for it, one bell in so many seconds is heard, the last one too.
    """
    if at_most_every:
        ringing = partial(_ringer.put_spaced, Bell(task, arguments), at_most_every)
    else:
        ringing = partial(_ringer.put, Bell(task, arguments, after))
    transaction.on_commit(ringing, robust=True)


def connected(seconds: float = BROKER_SECONDS) -> Any:
    """A connection to the broker that waits so long for it and no longer."""
    timeouts = {"socket_timeout": seconds, "socket_connect_timeout": seconds}  # Redis
    timeouts |= {"read_timeout": seconds, "write_timeout": seconds}  # RabbitMQ
    return app.connection_for_write(connect_timeout=seconds, heartbeat=0, transport_options=timeouts)


class Ringer:
    """The thread that speaks to the broker, started by the first bell, and the bells that wait for it."""

    def __init__(self) -> None:
        self.bells: queue.Queue[Bell] = queue.Queue(ROOM)
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None
        self.broker_is_down = False
        self.heard: dict[Bell, float] = {}  # when the last one of each is heard, which may be yet to come

    def put_spaced(self, bell: Bell, seconds: float) -> None:
        """Put a bell that is heard so long after the one before, unless there is one already that is yet to be heard."""
        with self.starting:
            now, last = time.monotonic(), self.heard.get(bell, float("-inf"))
            if now < last:
                return
            self.heard[bell] = max(now, last + seconds)
            wait = self.heard[bell] - now
        self.put(replace(bell, after=wait))

    def put(self, bell: Bell) -> None:
        try:
            self.bells.put_nowait(bell)
        except queue.Full:
            return  # the thread has said already that the broker takes nothing
        with self.starting:
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self.thread.start()

    def wait(self, seconds: float) -> None:
        """Give the thread this long to pass on what waits."""
        until = time.monotonic() + seconds
        while self.bells.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)

    def _run(self) -> None:
        while True:
            bell = self.bells.get()
            try:
                self._pass_on(bell)
            except Exception as error:  # noqa: BLE001 (each kind of broker raises its own)
                self._drop(error)

    def _pass_on(self, bell: Bell | None) -> None:
        """Send this bell and those that follow soon over one connection."""
        with connected() as connection:
            producer = app.amqp.Producer(connection, auto_declare=False)
            while bell:
                app.send_task(bell.task, bell.arguments, countdown=bell.after or None, producer=producer, retry=False)
                self.bells.task_done()
                self.broker_is_down = False
                try:
                    bell = self.bells.get(timeout=IDLE_SECONDS)
                except queue.Empty:
                    bell = None

    def _drop(self, error: Exception) -> None:
        """Let go of every bell that waits, and say so once until the broker is back."""
        if not self.broker_is_down:
            logger.warning("The broker takes no message, so work waits until beat rings: %s", error)
        self.broker_is_down = True
        self.bells.task_done()
        while True:
            try:
                self.bells.get_nowait()
            except queue.Empty:
                return
            self.bells.task_done()


_ringer = Ringer()


def _begin_anew() -> None:
    """Give a forked process a ringer of its own; its parent's thread is not in it."""
    global _ringer
    _ringer = Ringer()


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(lambda: _ringer.wait(EXIT_SECONDS))
