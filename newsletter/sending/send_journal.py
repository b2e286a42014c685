"""What a pump has begun and ended to send, in a file written as it happens: its death leaves in doubt only what was on the wire.

A line is put into the file's mapped memory, which costs a microsecond, where a commit costs hundreds, and a write waits while the
database syncs the same disk. What stands there outlasts the process and the database, but not the machine's power, so a file is
trusted only under the boot it was written in. A pump holds a lock on its file for as long as it lives. Without a file everything
that a dead pump had in hand is uncertain (newsletter.sending.deliveries).
"""

import fcntl
import json
import logging
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

from core.lib.smtp import Outcome, Status
from newsletter.models import Briefing, Delivery
from newsletter.sending import deliveries

logger = logging.getLogger(__name__)

SUFFIX = ".journal"
ON_THE_WIRE = "The worker ended while this was on its way. It may or may not have arrived."
ROOM = 1 << 20  # bytes by which a file grows: nearly twenty thousand messages
FORGOTTEN_AFTER = 86_400  # seconds, for those of another boot: no pump lives for so long


def _boot() -> str:
    """What tells one start of this machine from another; empty where nothing does, and then there are no journals."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


class SendJournal:
    """The file of one pump, with zeros after its lines. A line counts from its end on, which is written last."""

    def __init__(self, briefing: Briefing, lease: UUID) -> None:
        self.path, self.file = settings.SEND_JOURNALS / f"{briefing.pk}.{lease}.{_boot()}{SUFFIX}", -1
        self.memory: mmap.mmap | None = None
        self.size = self.written = 0
        if not _boot():
            return
        try:
            settings.SEND_JOURNALS.mkdir(parents=True, exist_ok=True)
            self.file = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self.file, fcntl.LOCK_EX)
            self._make_room()
        except OSError:
            self._give_up()

    def begins(self, delivery_id: int) -> None:
        """Say that a message is about to be given to the mail server; nothing of it may leave before this returns.

        Raises OSError where it cannot be said, and an incomplete journal stays to be read.
        """
        if not self._write(_begun(delivery_id)):
            self._give_up()

    def ended(self, delivery_id: int, outcome: Outcome, *, then: int | None = None) -> bool:
        """Say what came of it, and that another one is about to be given; whether that one may leave.

        Where the first fails, the message is one of which nobody knows.
        """
        if not (self._write(_ended(delivery_id, outcome)) and (then is None or self._write(_begun(then)))):
            with suppress(OSError):
                self._give_up()
                return then is not None
            return False
        return then is not None

    def close(self, *, is_settled: bool) -> None:
        """Let go of the file, which stays where outcomes may not be in the database yet."""
        if self.file >= 0:
            if is_settled:
                self.path.unlink(missing_ok=True)
            os.close(self.file)
            self.file, self.memory = -1, None

    def _make_room(self) -> None:
        """Have the disk keep more room, so that its being full is heard of before a line is put there. Raises OSError."""
        os.posix_fallocate(self.file, self.size, ROOM)
        self.memory = mmap.mmap(self.file, self.size + ROOM)
        self.size += ROOM

    def _write(self, line: bytes) -> bool:
        if self.memory is None:
            return True
        end = self.written + len(line)
        try:
            while end >= self.size:
                self._make_room()
        except OSError:
            return False
        self.memory[self.written : end] = line
        self.memory[end : end + 1] = b"\n"
        self.written = end + 1
        return True

    def _give_up(self) -> None:
        """Remove a journal that misses something. Its descriptor, and with it the lock, go with the process."""
        logger.error("The journal %s cannot be written, so its pump goes on without one", self.path)
        self.path.unlink(missing_ok=True)
        self.file, self.memory = -1, None


def _begun(delivery_id: int) -> bytes:
    return b'{"id": %d}' % delivery_id


def _ended(delivery_id: int, outcome: Outcome) -> bytes:
    if outcome.status is Status.ACCEPTED:
        return b'{"id": %d, "status": "accepted"}' % delivery_id
    return json.dumps({"id": delivery_id, "status": outcome.status, "note": outcome.note}).encode()


def settle_dead() -> int:
    """Write into the database what pumps of this machine that have died left in their journals; return how many had."""
    settled = 0
    for path in sorted(settings.SEND_JOURNALS.glob(f"*{SUFFIX}")):
        try:
            settled += _settle(path)
        except Exception:
            logger.exception("The journal %s could not be settled and will be tried again", path)
    return settled


def _settle(path: Path) -> bool:
    briefing_id, lease, boot = path.name.removesuffix(SUFFIX).split(".")
    if boot != _boot():
        if path.stat().st_mtime < time.time() - FORGOTTEN_AFTER:
            path.unlink(missing_ok=True)
        return False
    with _locked(path) as is_dead:
        if not is_dead:
            return False
        briefing = Briefing.every.filter(pk=briefing_id).first()
        if briefing and _is_whole(path):
            _write_down(briefing, UUID(lease), path.read_text().split("\n")[:-1])
        path.unlink(missing_ok=True)
    return True


def _is_whole(path: Path) -> bool:
    """Whether nobody has cut a journal off: one that was says less than it was told, so it is not believed."""
    size = path.stat().st_size
    return size > 0 and size % ROOM == 0


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the lock on a journal, unless its pump or another process has it."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # it was settled meanwhile
        yield False
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(file)


def _write_down(briefing: Briefing, lease: UUID, lines: list[str]) -> None:
    """Settle what a pump had in hand, by the whole lines of its journal.

    What ended, as it ended; what had begun is uncertain; the rest never left, so it is as if it had not been claimed.
    """
    outcomes: dict[int, Outcome] = {}
    for line in map(json.loads, lines):
        status = Status(line["status"]) if "status" in line else Status.UNCERTAIN
        outcomes[line["id"]] = Outcome(status, line.get("note", "" if "status" in line else ON_THE_WIRE))
    in_hand = briefing.deliveries.filter(lease=lease, state__in=[Delivery.State.SENDING, Delivery.State.UNCERTAIN])
    told = [(key, outcomes.get(key, Outcome(Status.UNSENT))) for key in in_hand.values_list("pk", flat=True)]
    deliveries.DeliveryQueue(briefing, lease).record_and_claim(told, wanted=0)
    deliveries.reconcile(briefing.pk)
