"""Beat's scheduler: it rings the bells of CELERY_BEAT_SCHEDULE and records its own heartbeat."""

import time
from typing import Any

from celery.beat import Scheduler

from core import doorbell, heartbeats


class BellRinger(Scheduler):
    """Celery's scheduler in memory. No file of it can be damaged: every bell is rung again soon after a start.

    Bells go to the broker by core.doorbell, so that a broker that hangs does not stop the clock.
    """

    producer: Any = None  # Celery's would be connected before the first bell, and wait for the broker
    recorded_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if time.monotonic() - self.recorded_at >= heartbeats.EVERY:
            heartbeats.record("beat")
            self.recorded_at = time.monotonic()
        return min(super().tick(*args, **kwargs), heartbeats.EVERY)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        doorbell.ring(entry.task)
