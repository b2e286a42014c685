"""The processes of a Procfile: started side by side, started again when one dies, ended together."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
# How long to wait before one that died is started again: longer each time, and after the last of these it is given up.
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
STEADY_SECONDS = 60.0  # one that has run for so long starts from the shortest pause again
COLOURS = ["36", "33", "35", "32", "34"]


def read_procfile(path: Path) -> dict[str, str]:
    """The commands of a Procfile by their names."""
    lines = (line.strip() for line in path.read_text().splitlines())
    named = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in named}


def die_with_parent() -> None:
    """Ask the kernel (Linux) to end this process when its parent ends, even if that is killed."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class GivenUp(Exception):
    """A process ended over and over; the text says which and how."""


@dataclass
class Course:
    """How one process has fared: when it was last started, how often it died soon after, when it is to start again."""

    started_at: float
    deaths: int = 0
    restart_at: float | None = None


class Processes:
    """Some commands, each in a process group of its own, their output told apart by name."""

    def __init__(
        self,
        commands: Mapping[str, str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.commands = commands
        self.folder = folder
        self.environment = environment
        self.pauses = pauses
        self.children: dict[str, subprocess.Popen[str]] = {}
        self.courses: dict[str, Course] = {}
        self.readers: list[threading.Thread] = []

    def start(self, *names: str) -> None:
        """Start these. Call it from the main thread: they end with the thread that started them."""
        for name in names:
            child = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {self.commands[name]}"],
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
            self.children[name] = child
            self.courses.setdefault(name, Course(0.0)).started_at = time.monotonic()
            reader = threading.Thread(target=_relay, args=(child, self._label(name)), daemon=True)
            reader.start()
            self.readers.append(reader)

    def _label(self, name: str) -> str:
        label = f"{name:<{max(map(len, self.commands))}} |"
        if not sys.stdout.isatty():
            return label
        return f"\033[{COLOURS[list(self.commands).index(name) % len(COLOURS)]}m{label}\033[0m"

    def ended(self) -> tuple[str, int] | None:
        """The name and status of one that has ended, if any."""
        for name, child in self.children.items():
            if (status := child.poll()) is not None:
                return name, status
        return None

    def restart_ended(self) -> None:
        """Start again what has ended, a little later each time. Call it often; raises GivenUp after too many tries."""
        for name, child in list(self.children.items()):
            course, now = self.courses[name], time.monotonic()
            if child.poll() is None:
                continue
            if course.restart_at is None:
                self._bury(name, child, course, now)
            elif now >= course.restart_at:
                _signal_group(child, signal.SIGKILL)
                course.restart_at = None
                self.start(name)

    def _bury(self, name: str, child: subprocess.Popen[str], course: Course, now: float) -> None:
        """Say that a process ended, ask what it has left behind to end, and set the time of its next start."""
        if now - course.started_at > STEADY_SECONDS:
            course.deaths = 0
        if course.deaths == len(self.pauses):
            raise GivenUp(
                f"{name} ended {course.deaths + 1} times in a row, the last time with status {child.returncode}"
            )
        pause = self.pauses[course.deaths]
        print(f"moonpress: {name} ended with status {child.returncode}; starting it again in {pause:g} s", flush=True)
        _signal_group(child, signal.SIGTERM)
        course.deaths, course.restart_at = course.deaths + 1, now + pause

    def stop(self, seconds: float) -> None:
        """Ask all to end, wait for as long, then kill what is left of them and of their children."""
        for child in self.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for child in self.children.values():
            try:
                child.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
        for child in self.children.values():
            _signal_group(child, signal.SIGKILL)
            child.wait()
        for reader in self.readers:
            reader.join(timeout=1)


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    """Signal a process and its children, even if only they are left."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        pass


def _relay(child: subprocess.Popen[str], label: str) -> None:
    for line in child.stdout or ():
        print(f"{label} {line.rstrip()}", flush=True)


def main(name: str) -> None:
    """Become one of the Procfile's processes, with what `.env` says and the programs beside this Python."""
    from cms import environment

    commands = read_procfile(environment.ROOT / "Procfile")
    if name not in commands:
        sys.exit(f"moonpress: the Procfile has no {name!r}; it has {', '.join(commands)}")
    environment.read()
    os.environ["PATH"] = path_with_programs()
    os.chdir(environment.ROOT)
    os.execvp("/bin/sh", ["/bin/sh", "-c", f"exec {commands[name]}"])


def path_with_programs() -> str:
    """The PATH on which the programs of this Python's environment, such as granian and celery, come first."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


if __name__ == "__main__":
    main(*sys.argv[1:])
