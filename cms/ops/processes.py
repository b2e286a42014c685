"""Runs a Procfile's processes side by side and ends them together."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
COLOURS = ["36", "33", "35", "32", "34"]


def read_procfile(path: Path) -> dict[str, str]:
    """The commands of a Procfile by their names."""
    lines = (line.strip() for line in path.read_text().splitlines())
    named = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in named}


def die_with_parent() -> None:
    """Ask the kernel (Linux) to end this process when its parent is gone, even where that was killed."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Processes:
    """Some commands, each in a process group of its own, their output told apart by name."""

    def __init__(self, commands: Mapping[str, str], *, folder: Path, environment: Mapping[str, str]) -> None:
        self.commands = commands
        self.folder = folder
        self.environment = environment
        self.children: dict[str, subprocess.Popen[str]] = {}
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
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
        for reader in self.readers:
            reader.join(timeout=1)


def _relay(child: subprocess.Popen[str], label: str) -> None:
    for line in child.stdout or ():
        print(f"{label} {line.rstrip()}", flush=True)


def main(name: str) -> None:
    """Become one of the Procfile's processes, as containers run them."""
    root = Path(__file__).resolve().parents[2]
    commands = read_procfile(root / "Procfile")
    if name not in commands:
        sys.exit(f"moonpress: the Procfile has no {name!r}; it has {', '.join(commands)}")
    os.chdir(root)
    os.execvp("/bin/sh", ["/bin/sh", "-c", f"exec {commands[name]}"])


if __name__ == "__main__":
    main(*sys.argv[1:])
