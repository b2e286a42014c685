"""Looking through everything for sponsors that are named: when one is confirmed or renamed, and every night.

A search is a row. It goes on chunk by chunk, each in a transaction with the row's new place, so that a worker that is killed
loses the chunk at most.
"""

import logging
import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from core import doorbell
from sponsors import flags
from sponsors.models import FlagSearch

TASK = "sponsors.tasks.search_for_names"
RUN_SECONDS = 40
CHUNK = 25
EVERY = timedelta(days=1)
logger = logging.getLogger(__name__)


def ask(reason: str) -> FlagSearch:
    """Have everything looked through soon. One that has not begun serves for several reasons."""
    waiting = FlagSearch.objects.select_for_update(skip_locked=True).filter(finished_at=None, looked_at=0, noun="")
    with transaction.atomic():
        if not (found := waiting.first()):
            found = FlagSearch.objects.create(reason=reason[:200])
    doorbell.ring(TASK)
    return found


def run(*, seconds: float = RUN_SECONDS) -> int:
    """Go on with the searches, for as long as a task may take; return how many things were looked at."""
    _begin_nightly()
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until and (looked := step()) is not None:
        done += looked
    return done


@transaction.atomic
def step(size: int = CHUNK) -> int | None:
    """One chunk of the oldest search; None where there is none to go on with."""
    search = FlagSearch.objects.select_for_update(skip_locked=True).filter(finished_at=None).order_by("pk").first()
    if search is None:
        return None
    nouns = sorted(flags.SOURCES)
    search.noun = search.noun or nouns[0]
    keys = flags.SOURCES[search.noun].keys(search.after, size)
    for key in keys:
        _look_at(search.noun, key)
    search.looked_at += len(keys)
    if keys:
        search.after = keys[-1]
    else:
        rest = nouns[nouns.index(search.noun) + 1 :]
        search.noun, search.after = (rest[0] if rest else search.noun), 0
        search.finished_at = None if rest else timezone.now()
    search.save()
    return len(keys)


def _begin_nightly() -> None:
    """Cards, captions and names change without a new version of what shows them, and sponsors are recent for so long only."""
    if not FlagSearch.objects.filter(asked_at__gt=timezone.now() - EVERY).exists():
        FlagSearch.objects.create(reason="Every day")


def _look_at(noun: str, key: int) -> None:
    try:
        with transaction.atomic():
            flags.look_at(noun, key)
    except Exception:
        logger.exception("The %s %s could not be looked through for sponsors", noun, key)
