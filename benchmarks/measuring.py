"""What benchmarks share: servers to compare with, load from wrk, a table to print."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.processes import RealProcess
from tests.smtp import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent


def need(*programs: str) -> None:
    """Say in one line what is missing and how to get it."""
    packages = {"nginx": "nginx-light"}
    if missing := [name for name in programs if not shutil.which(name)]:
        wanted = " ".join(packages.get(name, name) for name in missing)
        sys.exit(f"This benchmark needs {', '.join(missing)} (on Debian: apt-get install {wanted}).")


@contextmanager
def running(command: Sequence[str], url: str) -> Iterator[None]:
    """A server, up until the end of the block."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        wait_for(url)
        yield
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str) -> None:
    """Until the server that was started answers there."""

    def answers() -> bool:
        with suppress(OSError):
            return bool(urllib.request.urlopen(url, timeout=5).read())
        return False

    wait_until(answers, seconds=120, what=f"an answer from {url}")


@contextmanager
def process(name: str, **environment: str) -> Iterator[RealProcess]:
    """A line of the Procfile, running until the end of the block; what it says is in the state folder."""
    from django.conf import settings

    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = RealProcess(name, {"PATH": path, **environment}, Path(settings.VAR) / f"benchmark-{name}.log")
    started.start()
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def granian(application: str, path: str, *, interface: str = "asginl") -> Iterator[str]:
    """An application in one granian worker, by default as the site's is served; gives the URL of `path`."""
    port = free_port()
    program = str(Path(sys.executable).parent / "granian")
    options = shlex.split(f"--interface {interface} --http 1 --port {port} --workers 1 --no-ws")
    if interface == "wsgi":
        options += ["--blocking-threads", "4"]
    url = f"http://127.0.0.1:{port}{path}"
    with running([program, *options, application], url):
        yield url


@contextmanager
def nginx(body: bytes) -> Iterator[str]:
    """nginx with one worker, handing out these bytes as a page."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "page.html").write_bytes(body)
        Path(folder).chmod(0o755)
        Path(folder, "nginx.conf").write_text(
            f"worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; daemon off; user root;\n"
            "events { worker_connections 1024; }\n"
            f"http {{ access_log off; types {{ text/html html; }} sendfile on; open_file_cache max=10; "
            f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
        )
        url = f"http://127.0.0.1:{port}/page.html"
        with running([shutil.which("nginx") or "nginx", "-c", f"{folder}/nginx.conf"], url):
            yield url


def load(url: str, *, seconds: int = 5, connections: int = 16, paths: Sequence[str] = ()) -> float:
    """Answers per second under wrk, after a second to warm up; of several paths in turn where they are given."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if paths:
            script.write(
                f"local paths, at = {{{','.join(map(json.dumps, paths))}}}, 0\n"
                "request = function() at = at % #paths + 1; return wrk.format('GET', paths[at]) end\n"
            )
            script.flush()
        options = ["-s", script.name] if paths else []
        for duration in (1, seconds):
            run = wrk("-t1", f"-c{connections}", f"-d{duration}s", *options, url)
    return run.per_second


class Run(NamedTuple):
    """What wrk got answered."""

    requests: int
    per_second: float


def wrk(*arguments: str, may_fail: float = 0) -> Run:
    """Run wrk. Raises RuntimeError where a larger share of the answers were errors."""
    said = subprocess.run(["wrk", *arguments], capture_output=True, text=True, check=True).stdout
    (requests,), (rate,) = (re.findall(each, said) for each in (r"(\d+) requests in", r"Requests/sec:\s+([\d.]+)"))
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if errors and int(errors[1]) > may_fail * int(requests):
        raise RuntimeError(f"{arguments[-1]}: {errors[1]} answers were errors")
    return Run(int(requests), float(rate))


def kill_web_servers() -> None:
    """End the granians started here as a power cut would, with their workers, and wait until they are gone; the database stays."""
    for _ in range(500):
        servers = [pid for pid in _processes() if b"granian" in _command_of(pid)]
        if not servers:
            return
        for pid in servers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _command_of(pid: int) -> bytes:
    """How a process was started; nothing of one that has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def processor_seconds() -> float:
    """The processor time that the servers started here have used by now: it tells more than a rate on a busy machine."""
    return sum(_processes().values()) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that one started, and what they started."""
    return [*_processes(pid)]


def _processes(of: int = 0) -> dict[int, int]:
    """The processes that one (this, unless told) started, and what they started, each with the processor time that it has used."""
    spent, parents = dict[int, int](), dict[int, int]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)], spent[int(path.parent.name)] = (
                int(fields[1]),
                int(fields[11]) + int(fields[12]),
            )
    ours, found = {of or os.getpid()}, set[int]()
    while ours:
        ours = {pid for pid, parent in parents.items() if parent in ours}
        found |= ours
    return {pid: spent[pid] for pid in found}


def row_bytes(table: str) -> int:
    """What a row of a table takes on disk, with its indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_total_relation_size('{table}') / greatest(count(*), 1) FROM {table}")
        return int(cursor.fetchone()[0])


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read())


def table(rows: dict[str, Any]) -> None:
    """Print figures one below the other."""
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value if isinstance(value, str) else json.dumps(value)}")
