"""Heartbeats: rows that say when the worker and beat were last alive, so that every host can tell."""

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from core.models import Heartbeat

EVERY = 10.0  # seconds
SILENT_AFTER = timedelta(seconds=60)

logger = logging.getLogger(__name__)


def record(name: str) -> None:
    """Say that this process is alive. A database that cannot be reached is told of in the log; nothing is raised."""
    try:
        Heartbeat.objects.bulk_create(
            [Heartbeat(name=name, at=Now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
        )
    except DatabaseError as error:
        logger.warning("The heartbeat of %s could not be written: %s", name, error)
        connection.close()


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
