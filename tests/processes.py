"""The real worker and web server, as separate processes on the test database."""

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from cms.ops.processes import die_with_parent, read_procfile
from core import generation
from tests.smtp import SmtpServer, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class RealProcess:
    """One line of the Procfile, running; its output is in `log`."""

    name: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        command = read_procfile(ROOT / "Procfile")[self.name]
        command = command.removeprefix("nice -n 5 ")  # elsewhere readers come first; here a test waits for it
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def kill(self) -> None:
        """End it and its children at once, as a power cut would."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def pause(self) -> None:
        """Let it and its children do nothing until `resume`."""
        if self.is_alive():
            os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.is_alive():
            os.killpg(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end."""
        if self.process and self.is_alive():
            self.resume()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                pass
            self.kill()

    def output(self) -> str:
        return self.log.read_text(errors="replace")


def _environment(**more: str) -> dict[str, str]:
    """What a child process needs to work on this process's test database and state folder."""
    from django.conf import settings
    from django.db import connection

    database = connection.settings_dict
    query = urlencode({"host": database["HOST"], "port": database["PORT"]})
    return {
        "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?{query}",
        "MOONPRESS_VAR": str(settings.VAR),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        **more,
    }


def others_are_idle() -> bool:
    """Whether no other process is in the midst of something on the test database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND state <> 'idle'"
        )
        return bool(cursor.fetchone()[0] == 0)


def _rests(process: RealProcess) -> bool:
    """Have the worker or the site pause, unless it is in the midst of something: then it would keep its locks."""
    if not others_are_idle():
        return False
    process.pause()
    if others_are_idle():
        return True
    process.resume()
    return False


def _empty_broker() -> None:
    from django.conf import settings

    for message in (settings.VAR / "broker" / "messages").glob("*"):
        message.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def site_port() -> int:
    """Where the live site answers; the worker's links lead there, too."""
    return free_port()


@pytest.fixture(scope="session")
def worker_process(django_db_setup: None, smtp_port: int, http_port: int, site_port: int) -> Iterator[RealProcess]:
    """The Celery worker of this test run; use `celery_worker`."""
    from django.conf import settings

    mail = f"smtp://127.0.0.1:{smtp_port}"
    environment = _environment(
        EMAIL_URL=mail,
        WORKER_PROCESSES="2",
        PORT=str(site_port),
        CACHE_PURGE_URL=f"http://127.0.0.1:{http_port}/purge",
        WEBHOOKS_TO_PRIVATE_HOSTS="1",
    )
    worker = RealProcess("worker", environment, Path(settings.VAR) / "worker.log")
    worker.log.write_bytes(b"")
    yield worker
    worker.stop()


@pytest.fixture
def celery_worker(
    transactional_db: None, worker_process: RealProcess, smtp_server: SmtpServer
) -> Iterator[RealProcess]:
    """A real Celery worker on the committed test database; it mails to `smtp_server`. A test may kill it.

    Between the tests that use it, it rests: it would do what others ask for, and say that it is alive.
    """
    _empty_broker()
    worker_process.resume()
    if not worker_process.is_alive():
        worker_process.start()
    yield worker_process
    _empty_broker()
    wait_until(lambda: _rests(worker_process), what="the worker's last task")


@pytest.fixture(scope="session")
def static_files() -> None:
    """The real, hashed static files, collected once for all test processes."""
    own = Path(os.environ["MOONPRESS_VAR"]) / "static"
    shared = Path(os.environ["MOONPRESS_TEST_VAR"]) / "static"
    shared.mkdir(exist_ok=True)
    if not own.is_symlink():
        own.symlink_to(shared)
    with open(shared.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run_manage("prepare", "--only-static")


@dataclass
class LiveSite:
    """A running web server; `url` has no slash at its end."""

    url: str
    process: RealProcess
    rests_since: float = 0.0  # on the clock that never goes back


@pytest.fixture(scope="session")
def _site_process(django_db_setup: None, static_files: None, smtp_port: int, site_port: int) -> Iterator[LiveSite]:
    from django.conf import settings

    mail = f"smtp://127.0.0.1:{smtp_port}"
    environment = _environment(EMAIL_URL=mail, PORT=str(site_port), BIND_ADDRESS="127.0.0.1")
    site = LiveSite(f"http://localhost:{site_port}", RealProcess("web", environment, Path(settings.VAR) / "web.log"))
    site.process.log.write_bytes(b"")
    yield site
    site.process.stop()


@pytest.fixture
def live_site(
    transactional_db: None,
    _site_process: LiveSite,
    smtp_server: SmtpServer,
    settings: Any,
) -> Iterator[LiveSite]:
    """The site served by granian on the committed test database; SITE_URL is its address here too.

    Between the tests that use it, it rests: it would write what it gathered of readers, and say that it is alive.
    """
    settings.SITE_URL = _site_process.url
    shutil.rmtree(settings.VAR / "cache", ignore_errors=True)
    # What it was asked in the last test it may go on knowing for that long.
    time.sleep(max(0, _site_process.rests_since + generation.STALEST_SECONDS - time.monotonic()))
    _site_process.process.resume()
    if not _site_process.process.is_alive():
        _site_process.process.start()
    wait_until(lambda: _answers(_site_process), seconds=40, what="the site")
    yield _site_process
    wait_until(lambda: _rests(_site_process.process), what="the site's last answer")
    _site_process.rests_since = time.monotonic()


@contextmanager
def own_site(log: Path, **variables: str) -> Iterator[LiveSite]:
    """A web server beside the live one, with other settings."""
    port = free_port()
    environment = _environment(PORT=str(port), BIND_ADDRESS="127.0.0.1", **variables)
    site = LiveSite(f"http://localhost:{port}", RealProcess("web", environment, log))
    log.touch()
    site.process.start()
    try:
        wait_until(lambda: _answers(site), seconds=40, what="the site")
        yield site
    finally:
        site.process.stop()


def _answers(site: LiveSite) -> bool:
    assert site.process.is_alive(), f"the web server ended:\n{site.process.output()[-2000:]}"
    try:
        urllib.request.urlopen(f"{site.url}/healthz", timeout=5)
    except OSError:  # not there yet, or too busy to answer in time
        return False
    return True


def manage_command(
    *arguments: str, database: str = "", stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """A management command as a process of its own, on the test database or another one of its server."""
    environment = os.environ | _environment(**variables)
    if database:
        named = urlsplit(environment["DATABASE_URL"])
        environment["DATABASE_URL"] = named._replace(path=f"/{database}").geturl()
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=False)


def start_manage(*arguments: str) -> subprocess.Popen[bytes]:
    """A management command as a process that goes on by itself."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=os.environ | _environment(), stdout=quiet, stderr=quiet)


def run_manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One that has to succeed."""
    done = manage_command(*arguments)
    assert done.returncode == 0, f"{shlex.join(arguments)} failed:\n{done.stderr}"
    return done
