"""A progress line on the terminal for work that takes longer than two seconds."""

import sys
import time
from typing import Any


class Progress:
    """Call it with the number done so far. It writes only to a terminal, at most five times a second."""

    def __init__(self, stream: Any, total: int | None) -> None:
        self.stream = stream
        self.total = total
        self.started = self.shown = time.monotonic()
        self.active = sys.stderr.isatty()

    def __call__(self, number: int) -> None:
        now = time.monotonic()
        due = now - self.shown >= 0.2 or number == self.total
        if not self.active or now - self.started < 2 or not due:
            return
        self.shown = now
        rate = number / (now - self.started)
        share = f" of {self.total} {'█' * (20 * number // self.total):░<20}" if self.total else ""
        self.stream.write(f"\r{number}{share} {rate:.0f}/s", ending="\n" if number == self.total else "")
