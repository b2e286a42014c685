"""bin/serve as a newcomer uses it: from a path with spaces, stopped in every way, started again."""

import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from cms.ops import embedded
from tests.smtp import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", ".env", ".*_cache")
CLEARED = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "EMAIL_URL", "MOONPRESS_VAR", "SECRET_KEY", "SITE_URL")


class Server:
    """One bin/serve, as a process, with what it printed."""

    def __init__(self, clone, port):
        self.port = port
        self.output = clone / "output.txt"
        kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [clone / "bin" / "serve"],
                env=kept | {"PORT": str(port), "DEMO_PASSWORD": "a long demo password"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def ready(self):
        wait_until(lambda: self.process.poll() is not None or "ready in" in self.said(), seconds=240, what="bin/serve")
        assert self.process.poll() is None, self.said()
        return self

    def said(self):
        return self.output.read_text(errors="replace")

    def answer(self, path):
        return int(urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=20).status)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def clone(tmp_path_factory, static_files):
    """A copy of this clone whose path has spaces, with this one's .venv as a link, and the static files of all tests."""
    folder = tmp_path_factory.mktemp("serve") / "my news room"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    collected = Path(os.environ["MOONPRESS_TEST_VAR"]) / "static"
    shutil.copytree(collected, folder / "var" / "static")
    shutil.copy(collected.with_suffix(".digest"), folder / "var")
    return folder


@pytest.fixture
def server(clone):
    started = Server(clone, free_port())
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGTERM)


def processes_in(clone):
    """The command lines of all processes that work in the clone or were started from it, by their numbers."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(clone) in line or (process / "cwd").readlink().is_relative_to(clone):
                found[int(process.name)] = line
        except OSError:
            continue
    return found


def wait_for_nothing_left(clone):
    wait_until(lambda: not processes_in(clone), seconds=30, what="the end of all processes")
    assert not embedded.Cluster(clone / "var").is_running()


def test_it_serves_refuses_a_second_one_and_stops_whole(clone, server):
    server.ready()
    assert server.answer("/") == server.answer("/admin/") == 200
    for needed in (f"http://localhost:{server.port}/admin/", "editor@example.com", "a long demo password"):
        assert needed in server.said()

    second = Server(clone, free_port())
    assert second.process.wait(60) == 1
    assert "bin/serve already runs" in second.said()

    os.killpg(server.process.pid, signal.SIGINT)  # as Ctrl-C does
    assert server.process.wait(60) == 0
    wait_for_nothing_left(clone)


def test_killed_it_leaves_nothing_that_prevents_a_start(clone, server):
    server.ready()
    server.process.kill()
    server.process.wait()
    wait_for_nothing_left(clone)

    again = Server(clone, server.port).ready()
    assert "demo:" not in again.said()
    assert "migrations" not in again.said()
    assert again.answer("/blog/") == 200

    assert again.end(signal.SIGTERM) == 0
    wait_for_nothing_left(clone)


def running(clone, words):
    """The number of a process of the clone whose command line holds these words."""
    return next((pid for pid, line in processes_in(clone).items() if words in line and "/bin/sh" not in line), None)


def test_what_dies_is_started_again_while_the_rest_goes_on(clone, server):
    server.ready()
    for words in ("celery --quiet --app core worker", " beat ", "granian"):
        kill_and_wait_for_another(clone, server, words)
        assert server.process.poll() is None


def kill_and_wait_for_another(clone, server, words):
    parent, said = min(pid for pid, line in processes_in(clone).items() if words in line), len(server.said())
    os.kill(parent, signal.SIGKILL)
    wait_until(lambda: "starting it again in 1 s" in server.said()[said:], seconds=20, what="a word of it")
    wait_until(lambda: running(clone, words) not in (None, parent), seconds=90, what="another one")
    wait_until(lambda: answers(server), seconds=90, what="an answer")


def answers(server):
    try:
        return server.answer("/blog/") == 200
    except OSError:
        return False


def test_a_taken_port_is_said_before_anything_is_started(clone):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = Server(clone, taken.getsockname()[1])
        assert refused.process.wait(60) == 1
    said = [line for line in refused.said().splitlines() if "install" not in line]
    assert len(said) == 1
    assert "Address already in use" in said[0]
    assert not processes_in(clone)
