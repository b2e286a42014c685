"""Uploaded files that a worker works on: keeping the file, starting, running, cancelling, deleting.

One of a kind runs at a time. While it does, a thread with a connection of its own renews the lease, writes how far it is,
since the work may be a single transaction, and looks whether it shall stop. A part that takes such files derives its model
from `UploadRun` and an engine from `Engine`.
"""

import logging
import re
import shutil
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.db import DatabaseError, connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from core import advisory_locks, doorbell, transitions
from core.advisory_locks import AdvisoryLock
from core.leases import LeasedModel
from core.lib import batches
from core.lib.text import one_line, without_addresses

logger = logging.getLogger(__name__)
MOST_BYTES = 90_000_000  # the web server takes requests of 100 MiB
FILES_KEPT_FOR = timedelta(days=7)
REPORTS_KEPT_FOR = timedelta(days=365)
MOST_ATTEMPTS = 3
LOOK_SECONDS = 0.5
WAIT = timedelta(minutes=1)  # after an error
UPLOADED, RUNNING, DONE, FAILED, CANCELLED = "uploaded", "running", "done", "failed", "cancelled"


class UploadRun(LeasedModel):
    """A file that somebody of the staff uploaded, and what came of it. A worker holds it by a lease while it runs.

    A model of this kind has a `state`, with the five above among its choices.
    """

    LEASE: ClassVar[timedelta] = timedelta(minutes=1)

    folder = models.UUIDField(unique=True, editable=False)
    file_name = models.CharField("file", max_length=120)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    is_cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    report = models.JSONField(default=dict, blank=True)
    by_name = models.CharField("by", max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    state: Any

    class Meta:
        abstract = True

    @classmethod
    def home(cls) -> Path:
        """The folder of the uploaded files of this kind."""
        raise NotImplementedError

    @property
    def path(self) -> Path:
        """Where its file is, until it is deleted: it keeps its name, which may say what it holds."""
        return self.home() / self.folder.hex / self.file_name

    @property
    def is_running(self) -> bool:
        return bool(self.state == RUNNING)

    @property
    def can_start(self) -> bool:
        return self.state in (UPLOADED, FAILED) and self.path.is_file()


class Stopped(Exception):
    """The run ends here: it was cancelled, or another process has it."""


class Refused(Exception):
    """The file cannot be worked on; the words say why."""


class Engine:
    """What is done with files of one kind."""

    model: type[Any]
    lock: int  # of AdvisoryLock.IMPORTS
    task: str
    unnamed: str  # what a file is called that has no name
    cancelled: str  # what is said of one that was stopped

    # What a part says of its files

    def work(self, row: Any, watch: "Watch") -> tuple[str, dict[str, Any]]:
        """Do what is asked for; the state in which that leaves the row, and its other columns. Raises Refused."""
        raise NotImplementedError

    def left_in(self, row: Any, state: str) -> str:
        """The state of a row whose run did not come to its end, instead of `state`."""
        return state

    def is_over(self, row: Any, state: str) -> bool:
        """Whether nobody needs the file any more."""
        return state in (DONE, CANCELLED)

    # Its life

    def keep(self, pieces: Iterable[bytes], *, name: str, by_name: str, **columns: Any) -> Any:
        """Keep an uploaded file in the state folder, and make its row."""
        row = self.model(folder=uuid4(), file_name=safe_name(name, self.unnamed), by_name=by_name, size=0, **columns)
        row.path.parent.mkdir(parents=True, mode=0o700)
        with row.path.open("xb") as file:
            for piece in pieces:
                row.size += file.write(piece)
        row.save()
        return row

    def start(self, row: Any, *, sources: Iterable[str] = (UPLOADED, FAILED), **columns: Any) -> None:
        """Have a worker run it. Raises TransitionRefused."""
        fresh: dict[str, Any] = {"rows_done": 0, "rows_total": 0, "attempts": 0, "problem": "", "ended_at": None}
        fresh |= {"is_cancel_asked": False, "due_at": timezone.now()}
        transitions.move(row, sources=list(sources), to=RUNNING, action="started", **(fresh | columns))
        doorbell.ring(self.task)

    def cancel(self, row: Any) -> None:
        """Drop one that has not started; ask a worker to stop one that runs. Raises TransitionRefused."""
        state = self.left_in(row, CANCELLED) if row.state == RUNNING else CANCELLED
        unheld = Q(state__in=[UPLOADED, FAILED]) | Q(state=RUNNING, lease=None)
        if transitions.change_if(row, unheld, state=state, ended_at=timezone.now()):
            if self.is_over(row, state):
                delete_file(row)
            return
        transitions.move(row, sources=[RUNNING], to=RUNNING, action="cancelled", is_cancel_asked=True)

    def run_next(self) -> bool:
        """Run the one that has waited for longest; whether there was one that nobody else runs."""
        with advisory_locks.first_free(AdvisoryLock.IMPORTS, [self.lock]) as free:
            if free is None:
                return False
            found = self.model.objects.filter(state=RUNNING).claim(limit=1)
            for row in found:
                self._run(row)
            return bool(found)

    def _run(self, row: Any) -> None:
        if row.attempts > MOST_ATTEMPTS:
            problem = "It was broken off several times; the worker's log says why."
            self._end(row, self.left_in(row, FAILED), problem=problem)
            return
        try:
            with Watch(row, self.cancelled) as watch:
                watch.look()
                watch.told(0, 0)
                state, outcome = self.work(row, watch)
        except Stopped as stop:
            self._end(row, self.left_in(row, CANCELLED), problem=str(stop))
        except Refused as refusal:
            self._end(row, self.left_in(row, FAILED), problem=in_words(refusal, row))
        except Exception:
            logger.exception("%s %s was broken off by an error", row._meta.label, row.pk)
            row.release(due_at=timezone.now() + WAIT)
        else:
            self._end(row, state, **outcome)

    def _end(self, row: Any, state: str, **outcome: Any) -> None:
        with transaction.atomic():
            is_ours = row.release(state=state, ended_at=timezone.now(), **outcome)
        if is_ours and self.is_over(row, state):
            delete_file(row)

    def delete_old(self) -> int:
        """Delete files that nobody worked on, then reports; return how many rows went or were closed."""
        now = timezone.now()
        waiting = self.model.objects.filter(state__in=[UPLOADED, FAILED])
        stale = waiting.filter(created_at__lt=now - FILES_KEPT_FOR)
        closed = batches.update(stale, state=CANCELLED, ended_at=now)
        went = batches.delete(self.model.objects.filter(ended_at__lt=now - REPORTS_KEPT_FOR).exclude(state=RUNNING))
        self._delete_ownerless(now)
        return closed + went

    def wanted(self) -> Any:
        """The rows whose files are still wanted."""
        return self.model.objects.exclude(state__in=[DONE, CANCELLED])

    def _delete_ownerless(self, now: Any) -> None:
        """Delete the folders whose run has ended, or has no row; one that is just being uploaded has none yet."""
        home = self.model.home()
        if not home.is_dir():
            return
        wanted = {folder.hex for folder in self.wanted().values_list("folder", flat=True)}
        for folder in home.iterdir():
            is_old = folder.stat().st_mtime < (now - timedelta(hours=1)).timestamp()
            if is_old and folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)


def safe_name(name: str, otherwise: str) -> str:
    """An uploaded file's name as one that names a file here, without an address; a long one keeps its beginning."""
    last = PurePath(without_addresses(one_line(name)).replace("\\", "/")).name
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", last).lstrip("._-") or otherwise
    return plain if len(plain) <= 100 else f"{plain[:80]}{PurePath(plain).suffix[:10]}"


def in_words(failure: Exception, row: Any) -> str:
    """Why a file cannot be read, with its name instead of its place, and without addresses."""
    return without_addresses(str(failure).replace(str(row.path), row.file_name))[:1000]


def delete_file(row: Any) -> None:
    """Delete the uploaded file."""
    shutil.rmtree(row.path.parent, ignore_errors=True)


class Watch:
    """Keeps a run's lease and progress, and says when it shall stop."""

    def __init__(self, row: Any, cancelled: str):
        self.row, self.done, self.total = row, 0, 0
        self.cancelled, self.stop = cancelled, ""
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._keep_looking, name=f"upload {row.pk}", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ended.set()
        self.thread.join()

    def told(self, done: int, total: int) -> None:
        """Hear how far it is. Raises Stopped."""
        self.total, self.done = total, done  # in this order: never more done than there are
        if self.stop:
            raise Stopped(self.stop)

    def look(self) -> None:
        """Write how far it is, and see whether it is still wanted."""
        row = type(self.row).objects.filter(pk=self.row.pk)
        held = row.filter(lease=self.row.lease)
        until = timezone.now() + self.row.LEASE
        if not held.update(lease_expires_at=until, rows_done=self.done, rows_total=self.total):
            self.stop = "Another process has it." if row.exists() else ""
        elif held.filter(is_cancel_asked=True).exists():
            self.stop = self.cancelled

    def _keep_looking(self) -> None:
        try:
            while not self.ended.wait(LOOK_SECONDS):
                try:
                    self.look()
                except DatabaseError:  # the next look may succeed; if not, the lease runs out
                    connection.close()
        finally:
            connection.close()
