"""Heartbeats: rows that say which processes run, and when each was last alive, so that every host can tell."""

import logging
import os
import socket
import threading
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone

from core.models import Heartbeat, RunningProcess

EVERY = 10.0  # seconds
SILENT_AFTER = timedelta(seconds=60)
MISSED_AFTER = timedelta(seconds=3 * EVERY)
FORGOTTEN_AFTER = timedelta(days=1)

logger = logging.getLogger(__name__)
_started_at: datetime = timezone.now()  # this module is loaded as a process starts


def record(name: str) -> None:
    """Say that this process is alive. A database that cannot be reached is told of in the log; nothing is raised."""
    try:
        _record(name)
    except DatabaseError as error:
        logger.warning("The heartbeat of %s could not be written: %s", name, error)
        connection.close()


def _record(name: str) -> None:
    if name != RunningProcess.Kind.WEB:
        Heartbeat.objects.bulk_create(
            [Heartbeat(name=name, at=Now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
        )
    host, pid = _here()
    this = RunningProcess(
        kind=name, host=host, pid=pid, release=settings.RELEASE[:40], started_at=_started_at, at=Now()
    )
    RunningProcess.objects.bulk_create(
        [this],
        update_conflicts=True,
        unique_fields=["kind", "host", "pid"],
        update_fields=["at", "started_at", "release"],
    )


def forget_ended() -> int:
    """Delete what is known of processes that have been silent for a day; how many there were."""
    return RunningProcess.objects.filter(at__lt=Now() - FORGOTTEN_AFTER).delete()[0]


def is_longest_there(name: str) -> bool:
    """Whether none of the other processes of this kind that are alive started before this one; so, too, if nobody can tell.

    For what may as well be done twice, but need not be.
    """
    host, pid = _here()
    try:
        alive = RunningProcess.objects.filter(kind=name, at__gt=Now() - MISSED_AFTER).order_by("started_at", "pk")
        for process in alive:
            if process.host != host or process.pid == pid or Path("/proc", str(process.pid)).exists():
                return (process.host, process.pid) == (host, pid)
            process.delete()  # it was killed
    except DatabaseError:
        connection.close()
    return True


def forget(name: str) -> None:
    """Say that this process ends."""
    host, pid = _here()
    try:
        RunningProcess.objects.filter(kind=name, host=host, pid=pid).delete()
    except DatabaseError:
        connection.close()


def _here() -> tuple[str, int]:
    return socket.gethostname()[:64], os.getpid()


def running() -> list[RunningProcess]:
    """The processes that were alive in the last minute."""
    alive = RunningProcess.objects.filter(at__gt=Now() - SILENT_AFTER)
    return list(alive.order_by("kind", "host", "started_at", "pid"))


def keep_recording(name: str, stop: threading.Event) -> threading.Thread:
    """Record from a thread of its own until told to stop. It holds no connection between two beats."""

    def run() -> None:
        while True:
            record(name)
            connection.close()
            if stop.wait(EVERY):
                return

    thread = threading.Thread(target=run, name=f"heartbeat of {name}", daemon=True)
    thread.start()
    return thread


def age_of(name: str) -> timedelta | None:
    """How long ago a process was last alive, by the database's clock; None where it never was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - at FROM core_heartbeat WHERE name = %s", [name])
        row = cursor.fetchone()
    return row[0] if row else None
