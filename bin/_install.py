"""Make .venv hold what a requirements file says. Two at once wait for each other; one that was killed is redone."""

import fcntl
import hashlib
import json
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = (ROOT / ".venv").resolve()  # it may be a link to somewhere else
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"  # file name -> hash of what was installed from it
UNFINISHED = VENV / "unfinished"  # stands there while an installation runs
RUNNING, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
LOG = VENV / "install.log"


def main(arguments: list[str]) -> int:
    """Install one requirements file; with --check only say (by the exit status) whether there is nothing to do."""
    *options, name = arguments
    wanted = hash_of(name)
    if is_installed(name, wanted):
        return 0
    if options:
        return 1
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with open(VENV.with_name(VENV.name + ".lock"), "a") as lock:
        wait_for(lock.fileno())
        return 0 if is_installed(name, wanted) else install(name, wanted, lock.fileno())


def hash_of(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def is_installed(name: str, wanted: str) -> bool:
    """Whether it was all installed from this very file, and by a Python that is still there."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return False
    return stamp.get(name) == wanted and stamp["python"] == python_version() and not UNFINISHED.exists()


def python_version() -> str | None:
    """The version of .venv's own Python, None where that does not run."""
    try:
        asked = subprocess.run([PYTHON, "-IVV"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return asked.stdout.strip() or None


def wait_for(lock: int) -> None:
    """Hold the lock; say so where another start has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another command is just installing here; waiting for it …")
        fcntl.flock(lock, fcntl.LOCK_EX)


def install(name: str, wanted: str, lock: int) -> int:
    """Make .venv where it is missing or unsound, and install into it."""
    began = time.monotonic()
    stamp = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    version = python_version()
    if version is None or UNFINISHED.exists() or stamp.get("python", version) != version:
        say(f"making .venv with Python {sys.version.split()[0]} …")
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
        stamp = {}
    UNFINISHED.touch()
    if status := pip_install(name, lock):
        return status
    installed = {name: wanted, "python": python_version()}
    if name == DEVELOPMENT:  # holds all of the other file, at the same versions
        installed |= {RUNNING: hash_of(RUNNING)}
    STAMP.write_text(json.dumps(stamp | installed))
    UNFINISHED.unlink()
    say(f"installed in {time.monotonic() - began:.0f} s")
    return 0


def pip_install(name: str, lock: int) -> int:
    """Run pip, telling how far it is; what it said is in the log. It holds the lock too, should we be killed."""
    total = len(re.findall(r"^\S+==", (ROOT / name).read_text(), re.MULTILINE))
    say(f"installing {total} packages; the first time this takes a minute or two …")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", str(ROOT / name)]
    count = 0
    with open(LOG, "w") as log:
        pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[lock])
        for line in pip.stdout or ():
            log.write(line)
            if line.startswith(("Collecting ", "Requirement already")):
                count += 1
                progress(f"{min(count, total)} of {total}", last=count == total)
            elif line.startswith("Installing collected"):
                progress("unpacking them", last=True)
    if pip.wait():
        say("the installation failed; the end of what pip said:")
        print("".join(LOG.read_text().splitlines(keepends=True)[-15:]), file=sys.stderr)
        say(f"all of it is in {LOG}")
    return pip.returncode


def progress(text: str, *, last: bool) -> None:
    """One line that changes on a terminal; elsewhere only its last state."""
    if sys.stderr.isatty():
        print(f"\r\033[Kmoonpress:   {text}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last:
        say(f"  {text}")


def say(text: str) -> None:
    print(f"moonpress: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
