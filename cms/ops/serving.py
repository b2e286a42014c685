"""What bin/serve does: database, migrations, demo newsroom, static files, then web, worker and beat until told to stop."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from cms.ops import embedded
from cms.ops.processes import GivenUp, Processes, die_with_parent, path_with_programs, read_procfile

ROOT = Path(__file__).resolve().parents[2]
ANSWER_SECONDS = 60
GRACE_SECONDS = 20


class Refused(Exception):
    """The site cannot be served; the text says why."""


class Stopped(Exception):
    """Somebody asked us to stop."""


def main() -> int:
    """Serve until stopped; the exit status says how it ended."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    began = time.monotonic()
    try:
        cluster_folder = embedded.wanted()  # also reads .env
        var = Path(os.environ.get("MOONPRESS_VAR") or ROOT / "var").resolve()
        address, port = os.environ.get("BIND_ADDRESS") or "127.0.0.1", _port()
        environment = os.environ | {
            "MOONPRESS_VAR": str(var),
            "PATH": path_with_programs(),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",  # a container's usual case
            "BIND_ADDRESS": address,
            "PORT": str(port),
        }
        with _only_one(var):
            _refuse_taken(address, port)
            if cluster_folder is None:
                return _prepare_and_run(environment, began)
            with embedded.running(cluster_folder):
                return _prepare_and_run(environment, began)
    except (Refused, embedded.EmbeddedError) as reason:
        print(f"moonpress: {reason}", file=sys.stderr)
        return 1
    except Stopped:
        print("moonpress: stopped", flush=True)
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


@contextmanager
def _only_one(var: Path) -> Iterator[None]:
    """Hold the state folder for this server alone: two beats would ring everything twice."""
    var.mkdir(parents=True, exist_ok=True)
    with open(var / "serve.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refused(
                f"bin/serve already runs on {var} (process {lock.read().strip() or 'unknown'}). Stop that one first, or "
                "set MOONPRESS_VAR to another folder and PORT to another port."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _refuse_taken(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise Refused(
                f"Cannot listen on {address} port {port}: {error.strerror}. Set PORT to another one."
            ) from None


def _prepare_and_run(environment: dict[str, str], began: float) -> int:
    manage = [sys.executable, str(ROOT / "manage.py")]
    addresses = Path(environment["MOONPRESS_VAR"]) / "addresses.txt"
    addresses.touch(mode=0o600)  # it holds the demo accounts' password
    if _run([*manage, "prepare", "--addresses", str(addresses)], environment):
        raise Refused("The site could not be prepared; the reason is above.")
    processes = Processes(read_procfile(ROOT / "Procfile"), folder=ROOT, environment=environment)
    try:
        processes.start("web")
        _wait_for_answer(processes, environment)
        processes.start(*(name for name in processes.commands if name != "web"))
        print(f"moonpress: ready in {time.monotonic() - began:.1f} s\n", flush=True)
        print(addresses.read_text(), flush=True)
        addresses.unlink()
        while True:
            processes.restart_ended()
            time.sleep(0.2)
    except GivenUp as reason:
        raise Refused(f"{reason}, so everything was stopped; what it said is above.") from None
    except Stopped:
        print("\nmoonpress: stopping …", flush=True)
        raise
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C does not wait
        processes.stop(GRACE_SECONDS)


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command to its end, out of reach of the terminal's Ctrl-C, which is ours to handle."""
    done = subprocess.run(command, env=environment, start_new_session=True, preexec_fn=die_with_parent, check=False)
    return done.returncode


def _wait_for_answer(processes: Processes, environment: dict[str, str]) -> None:
    address = environment["BIND_ADDRESS"].replace("0.0.0.0", "127.0.0.1").replace("::", "::1")  # noqa: S104
    host = f"[{address}]" if ":" in address else address
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        if ended := processes.ended():
            raise Refused(f"{ended[0]} did not start (status {ended[1]}); the reason is above.")
        try:
            urllib.request.urlopen(f"http://{host}:{environment['PORT']}/healthz", timeout=5)
        except urllib.error.HTTPError:
            return  # it answers, if only to say that it wants another host or scheme
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise Refused(f"The web server did not answer in {ANSWER_SECONDS} s.")


if __name__ == "__main__":
    sys.exit(main())
