"""What a process counts for Prometheus: requests by route, kept pages, sign-ins. Processes of one web server share them.

`share` comes before anything is counted. Without it (a worker, a command, the tests) each process has its own.
"""

import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, multiprocess, values

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ABANDONED_AFTER = 86_400  # seconds
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Meters:
    """The counters of this process."""

    def __init__(self) -> None:
        kept: dict[str, Any] = {"registry": CollectorRegistry(auto_describe=False)}
        self.registry: CollectorRegistry = kept["registry"]
        self.requests = Histogram(
            "moonpress_request_seconds", "How long answers took to make.", ["method", "route"], buckets=SECONDS, **kept
        )
        self.answers = Counter("moonpress_answers", "Answers that were made, by status.", ["route", "status"], **kept)
        pages = Counter("moonpress_pages", "Readers' pages, kept in memory or made anew.", ["answer"], **kept)
        self.pages_kept, self.pages_made = pages.labels("kept"), pages.labels("made")
        self.turns = Counter("moonpress_answered_in_turns", "Ballots and sign-ups that were answered together.", **kept)
        self.beacons = Counter("moonpress_beacons", "Beacons of readers' figures that came.", **kept)
        self.sign_ins = Counter("moonpress_sign_ins", "Attempts to sign in.", ["outcome"], **kept)


own = Meters()


def share(folder: Path) -> None:
    """Count together with the other processes of the same parent; drop what parents that ended have left."""
    global own
    drop_left(folder)
    place = folder / f"{socket.gethostname()}-{os.getppid()}"
    place.mkdir(parents=True, exist_ok=True)
    os.environ[_FOLDER] = str(place)
    values.ValueClass = values.MultiProcessValue()
    own = Meters()


def drop_left(folder: Path) -> None:
    """Drop what parents on this host have left, and what of other hosts nobody counted in for a day.

    Each container is another host, which never comes again. One that lives counts at every health check.
    """
    ours = f"{socket.gethostname()}-"
    for left in folder.glob("*-*"):
        if left.name.startswith(ours):
            is_left = not Path("/proc", left.name.rpartition("-")[2]).exists()
        else:
            is_left = time.time() - _counted_at(left) > ABANDONED_AFTER
        if is_left:
            shutil.rmtree(left, ignore_errors=True)


def _counted_at(folder: Path) -> float:
    """When the newest file of a folder was written; now where somebody else is dropping it."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except FileNotFoundError:
        return time.time()


def registry() -> CollectorRegistry:
    """All that this web server's processes have counted."""
    if _FOLDER not in os.environ:
        return own.registry
    shared = CollectorRegistry(auto_describe=False)
    multiprocess.MultiProcessCollector(shared)
    return shared
