"""The process that owns the embedded server: it makes its data, starts it, restarts it after a crash, and stops it."""

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from cms.ops.embedded import NAME, PORT, START_SECONDS, STOP_SECONDS, USER, Cluster, programs, socket_folder
from cms.ops.embedded.locks import open_lock, try_lock
from cms.ops.embedded.programs import EmbeddedError

LOG_BYTES = 5_000_000
# For a small machine that also runs the site. Durability (fsync, synchronous_commit) stays as PostgreSQL has it.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class Supervisor:
    """The owner of one state folder's server, for as long as anybody uses it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.asked_to_stop = False

    def run(self, report: int) -> None:
        """Run the server until nobody uses it; what prevents that is written to `report`."""
        with open_lock(self.cluster.folder / "server.lock") as lock:
            if not try_lock(lock, fcntl.LOCK_EX):
                return  # another supervisor was quicker
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self._ask_to_stop)
            try:
                self._prepare()
                server = self._launch(lock)
            except EmbeddedError as error:
                os.write(report, str(error).encode())
                return
            os.close(report)
            self._watch(server, lock)

    def _ask_to_stop(self, *_: object) -> None:
        self.asked_to_stop = True

    def _watch(self, server: subprocess.Popen[bytes], lock: IO[bytes]) -> None:
        with open_lock(self.cluster.folder / "users.lock") as users:
            while not self.asked_to_stop and not try_lock(users, fcntl.LOCK_EX):
                if server.poll() is not None:
                    _say(f"the server ended with status {server.returncode}; starting it again")
                    server = self._launch(lock)
                time.sleep(0.1)
            server.send_signal(signal.SIGINT)  # "fast": open transactions are rolled back
            server.wait()
            shutil.rmtree(socket_folder(self.cluster.var), ignore_errors=True)

    def _prepare(self) -> None:
        """Make the data folder where there is none, whole or not at all."""
        self._wrap = programs.wrapper(self.cluster.folder)
        if self.cluster.log.exists() and self.cluster.log.stat().st_size > LOG_BYTES:
            self.cluster.log.write_bytes(b"")
        data = self.cluster.data
        if data.exists():
            programs.program("postgres", programs.major_of(data))
            return
        unfinished = data.with_name("data.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._own(unfinished)
        initdb = [programs.program("initdb"), "-D", str(unfinished), "-U", USER, "--auth=trust", "--encoding=UTF8"]
        initdb += [
            "--locale-provider=builtin",
            "--locale=C",
            "--builtin-locale=C.UTF-8",
            "--text-search-config=english",
        ]
        self._do(initdb)
        self._do(
            [programs.program("postgres"), "--single", "-D", str(unfinished), "postgres"], f"CREATE DATABASE {NAME};\n"
        )
        unfinished.rename(data)

    def _own(self, folder: Path) -> None:
        if owner := self._wrap.owner:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner, -1, follow_symlinks=False)

    def _do(self, command: list[str], typed: str = "") -> None:
        done = subprocess.run(
            [*self._wrap.prefix, *command],
            input=typed,
            capture_output=True,
            text=True,
            env=programs.environment(),
            check=False,
        )
        if done.returncode:
            raise EmbeddedError(f"The embedded PostgreSQL could not be set up:\n{(done.stderr or done.stdout).strip()}")

    def _launch(self, lock: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; it and its children hold `lock` from now on."""
        self._own(self.cluster.data)
        self._remove_traces_of_dead_server()
        self._make_socket_folder()
        data = self.cluster.data
        command = [
            *self._wrap.prefix,
            *programs.die_with_parent(),
            programs.program("postgres", programs.major_of(data)),
            "-D",
            str(data),
        ]
        settings = SERVER_SETTINGS | {"port": PORT, "unix_socket_directories": str(socket_folder(self.cluster.var))}
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        server = subprocess.Popen(command, env=programs.environment(), pass_fds=[lock.fileno()], cwd="/")
        deadline = time.monotonic() + START_SECONDS
        while not self.cluster.is_ready():
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                last_lines = "\n".join(self.cluster.log.read_text(errors="replace").splitlines()[-5:])
                raise EmbeddedError(f"The embedded PostgreSQL did not start ({self.cluster.log}):\n{last_lines}")
            time.sleep(0.02)
        return server

    def _remove_traces_of_dead_server(self) -> None:
        """Remove what a killed server left: its process number may be another program's by now, or a zombie's.

        Nobody but us holds the server's lock, so none of its processes lives, unless it was started by hand.
        """
        deadline = time.monotonic() + STOP_SECONDS
        while _works_in(self.cluster.data):  # children of a killed server end by themselves
            if time.monotonic() > deadline:
                raise EmbeddedError(f"A PostgreSQL that Moonpress did not start runs on {self.cluster.data}: stop it.")
            time.sleep(0.05)
        (self.cluster.data / "postmaster.pid").unlink(missing_ok=True)

    def _make_socket_folder(self) -> None:
        """Make it for us alone, or empty it; refuse one that somebody else put there."""
        folder = socket_folder(self.cluster.var)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            trusted = {os.geteuid()}
            if folder.parent == self.cluster.folder:
                trusted.add(self.cluster.data.stat().st_uid)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in trusted or found.st_mode & 0o077:
                name = programs.name_of(os.geteuid())
                raise EmbeddedError(f"{folder} is not a private folder of {name}: remove it and start again.") from None
            for left in folder.iterdir():
                left.unlink()


def _works_in(data: Path) -> bool:
    """Whether a PostgreSQL process has the data folder as its current one, as all of a server's have."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data and (process / "comm").read_text().startswith("postgres"):
                return True
        except OSError:
            continue
    return False


def _say(text: str) -> None:
    print(f"embedded: {text}", file=sys.stderr, flush=True)
