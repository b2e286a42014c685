"""The freeze of a briefing to very many: how long its one transaction takes, and what it costs the process that does it."""

import resource
import time
from typing import Any

from benchmarks import measuring, sending
from newsletter.models import Briefing
from newsletter.sending.freeze import freeze

ROUNDS = 3


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of subscribers (1,000,000 unless told)."""
    count = int(arguments[0]) if arguments else 1_000_000
    newsletter = sending.audience(count)
    rounds: list[float] = []
    before = _most_memory()
    for _ in range(ROUNDS):
        briefing = sending.approved(newsletter)
        began = time.perf_counter()
        assert freeze(briefing.pk)
        rounds.append(time.perf_counter() - began)
        assert Briefing.objects.get(pk=briefing.pk).candidates == count
    figures = {
        "subscribers": count,
        "slowest_s": round(max(rounds), 1),
        "seconds": ", ".join(f"{each:.1f}" for each in rounds),
        "frozen_per_s": round(count / max(rounds)),
        "process_mb_more": round(_most_memory() - before, 1),
    }
    measuring.table(figures)
    return figures


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
