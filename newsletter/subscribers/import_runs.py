"""Imports of subscribers begun at the desk: keeping the uploaded file, starting, running by a worker, cancelling, deleting.

One runs at a time. While it does, a thread with a connection of its own renews the lease, writes how far it is, since the
work may be a single transaction, and looks whether it shall stop.
"""

import logging
import re
import shutil
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import PurePath
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from core import advisory_locks, doorbell, transitions
from core.advisory_locks import AdvisoryLock
from core.lib import batches
from core.lib.text import one_line, without_addresses
from newsletter.models import Newsletter, SubscriberImport
from newsletter.subscribers.importing import ImportFailure, import_subscribers

logger = logging.getLogger(__name__)
State = SubscriberImport.State
MOST_BYTES = 90_000_000  # a million subscribers; the web server takes requests of 100 MiB
FILES_KEPT_FOR = timedelta(days=7)
REPORTS_KEPT_FOR = timedelta(days=365)
MOST_ATTEMPTS = 3
LOOK_SECONDS = 0.5
WAIT = timedelta(minutes=1)  # after an error


class Stopped(Exception):
    """The import ends here: it was cancelled, or another process has it."""


def keep(pieces: Iterable[bytes], *, name: str, newsletter: Newsletter, by_name: str) -> SubscriberImport:
    """Keep an uploaded file in the state folder, and make its row."""
    made = SubscriberImport(folder=uuid4(), newsletter=newsletter, file_name=safe_name(name), by_name=by_name, size=0)
    made.path.parent.mkdir(parents=True, mode=0o700)
    with made.path.open("xb") as file:
        for piece in pieces:
            made.size += file.write(piece)
    made.save()
    return made


def safe_name(name: str) -> str:
    """An uploaded file's name as one that names a file here, without an address; Mailchimp's names keep their beginnings."""
    last = PurePath(without_addresses(one_line(name)).replace("\\", "/")).name
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", last).lstrip("._-") or "list.csv"
    return plain if len(plain) <= 100 else f"{plain[:80]}{PurePath(plain).suffix[:10]}"


def start(row: SubscriberImport, *, is_dry_run: bool) -> None:
    """Have a worker run it. Raises TransitionRefused."""
    fresh: dict[str, Any] = {
        "rows_done": 0,
        "rows_total": 0,
        "attempts": 0,
        "problem": "",
        "report": {},
        "ended_at": None,
    }
    transitions.move(
        row, sources=[State.UPLOADED, State.FAILED], to=State.RUNNING, action="started",
        is_dry_run=is_dry_run, is_cancel_asked=False, due_at=timezone.now(), **fresh,
    )  # fmt: skip
    doorbell.ring("newsletter.tasks.import_subscribers")


def cancel(row: SubscriberImport) -> None:
    """Drop one that has not started; ask a worker to stop one that runs. Raises TransitionRefused."""
    unheld = Q(state__in=[State.UPLOADED, State.FAILED]) | Q(state=State.RUNNING, lease=None)
    if transitions.change_if(row, unheld, state=State.CANCELLED, ended_at=timezone.now()):
        _delete_file(row)
        return
    transitions.move(row, sources=[State.RUNNING], to=State.RUNNING, action="cancelled", is_cancel_asked=True)


def run_next() -> bool:
    """Run the import that has waited for longest; whether there was one that nobody else runs."""
    with advisory_locks.first_free(AdvisoryLock.IMPORTS, [0]) as free:
        if free is None:
            return False
        found = SubscriberImport.objects.filter(state=State.RUNNING).claim(limit=1)
        for row in found:
            _run(row)
        return bool(found)


def _run(row: SubscriberImport) -> None:
    if row.attempts > MOST_ATTEMPTS:
        _end(row, State.FAILED, problem="It was broken off several times; the worker's log says why.")
        return
    try:
        with Watch(row) as watch:
            watch.look()
            watch.told(0, 0)
            report = import_subscribers(
                row.path, newsletter=row.newsletter, dry_run=row.is_dry_run, date_order=row.date_order,
                told=row.columns, tags=row.tags, progress=watch.told,
            )  # fmt: skip
    except Stopped as stop:
        _end(row, State.UPLOADED if row.is_dry_run else State.CANCELLED, problem=str(stop))
    except ImportFailure as failure:
        _end(row, State.FAILED, problem=in_words(failure, row))
    except Exception:
        logger.exception("Import %s was broken off by an error", row.pk)
        row.release(due_at=timezone.now() + WAIT)
    else:
        kept = report.to_keep() | {"is_dry_run": row.is_dry_run, "began_anew": row.attempts > 1}
        total = {"rows_done": report.rows, "rows_total": report.rows}
        _end(row, State.UPLOADED if row.is_dry_run else State.DONE, report=kept, **total)


def in_words(failure: ImportFailure, row: SubscriberImport) -> str:
    """Why a file cannot be read, with its name instead of its place, and without addresses."""
    return without_addresses(str(failure).replace(str(row.path), row.file_name))[:1000]


def _end(row: SubscriberImport, state: str, **outcome: Any) -> None:
    with transaction.atomic():
        is_ours = row.release(state=state, ended_at=timezone.now(), **outcome)
    if is_ours and state in (State.DONE, State.CANCELLED):
        _delete_file(row)


def _delete_file(row: SubscriberImport) -> None:
    shutil.rmtree(row.path.parent, ignore_errors=True)


def delete_old() -> int:
    """Delete files that nobody imported, then reports; return how many rows went or were closed."""
    now = timezone.now()
    waiting = SubscriberImport.objects.filter(state__in=[State.UPLOADED, State.FAILED])
    stale = waiting.filter(created_at__lt=now - FILES_KEPT_FOR)
    closed = batches.update(stale, state=State.CANCELLED, ended_at=now)
    went = batches.delete(SubscriberImport.objects.filter(ended_at__lt=now - REPORTS_KEPT_FOR))
    _delete_ownerless(now)
    return closed + went


def _delete_ownerless(now: Any) -> None:
    """Delete the folders whose import has ended, or has no row; one that is just being uploaded has none yet."""
    if not settings.IMPORT_FOLDER.is_dir():
        return
    live = SubscriberImport.objects.exclude(state__in=[State.DONE, State.CANCELLED]).values_list("folder", flat=True)
    wanted = {folder.hex for folder in live}
    for folder in settings.IMPORT_FOLDER.iterdir():
        is_old = folder.stat().st_mtime < (now - timedelta(hours=1)).timestamp()
        if is_old and folder.name not in wanted:
            shutil.rmtree(folder, ignore_errors=True)


class Watch:
    """Keeps a running import's lease and progress, and says when it shall stop."""

    def __init__(self, row: SubscriberImport):
        self.row, self.done, self.total = row, 0, 0
        self.stop = ""
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._keep_looking, name=f"import {row.pk}", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ended.set()
        self.thread.join()

    def told(self, done: int, total: int) -> None:
        """Hear how far the import is. Raises Stopped."""
        self.total, self.done = total, done  # in this order: never more done than there are
        if self.stop:
            raise Stopped(self.stop)

    def look(self) -> None:
        """Write how far it is, and see whether it is still wanted."""
        held = SubscriberImport.objects.filter(pk=self.row.pk, lease=self.row.lease)
        until = timezone.now() + self.row.LEASE
        if not held.update(lease_expires_at=until, rows_done=self.done, rows_total=self.total):
            self.stop = "Another process has it."
        elif held.filter(is_cancel_asked=True).exists():
            self.stop = "Cancelled. Whoever had come in before stays."

    def _keep_looking(self) -> None:
        try:
            while not self.ended.wait(LOOK_SECONDS):
                try:
                    self.look()
                except DatabaseError:  # the next look may succeed; if not, the lease runs out
                    connection.close()
        finally:
            connection.close()
