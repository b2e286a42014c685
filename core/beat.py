"""Beat's scheduler: it rings the bells of CELERY_BEAT_SCHEDULE and records its own heartbeat."""

import time
from typing import Any

from celery.beat import Scheduler

from core import doorbell, heartbeats


class BellRinger(Scheduler):
    """Celery's scheduler in memory. No file of it can be damaged: every bell is rung again soon after a start.

    Bells go to the broker by core.doorbell, so that a broker that hangs does not stop the clock. Several may run: the one
    that is there longest rings, and another takes over half a minute after it was last heard of, or at once when it is stopped.
    """

    producer: Any = None  # Celery's would be connected before the first bell, and wait for the broker
    recorded_at = float("-inf")
    is_clock = True

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if time.monotonic() - self.recorded_at >= heartbeats.EVERY:
            heartbeats.record("beat")
            self.is_clock = heartbeats.is_longest_there("beat")
            self.recorded_at = time.monotonic()
        if not self.is_clock:
            return heartbeats.EVERY
        return min(super().tick(*args, **kwargs), heartbeats.EVERY)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        doorbell.ring(entry.task)

    def close(self) -> None:
        super().close()
        heartbeats.forget("beat")
