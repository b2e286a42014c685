"""Looking through everything for sponsors that are named: when one is confirmed or renamed, and every night.

A search is a row. Its place moves on before a thing is looked at, each in a transaction of its own: so no text, however long,
can keep it where it is, and no two workers wait for each other's locks. What fails is tried again at once and the next night.
"""

import logging
import time
from datetime import timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from core import doorbell
from sponsors import flags
from sponsors.models import FlagSearch

TASK = "sponsors.tasks.search_for_names"
RUN_SECONDS = 40
CHUNK = 25
ATTEMPTS = 3
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


def step(size: int = CHUNK) -> int | None:
    """One chunk of the oldest search; None where there is none to go on with."""
    search = FlagSearch.objects.filter(finished_at=None).order_by("pk").first()
    if search is None:
        return None
    nouns = sorted(flags.SOURCES)
    noun = search.noun or nouns[0]
    keys = flags.SOURCES[noun].keys(search.after, size)
    for number, key in enumerate(keys):
        if not _move(search, noun=noun, after=key, looked_at=search.looked_at + 1):
            return number  # another worker is at this search
        _look_at(noun, key)
    if not keys:
        rest = nouns[nouns.index(noun) + 1 :]
        _move(search, noun=rest[0] if rest else noun, after=0, finished_at=None if rest else timezone.now())
    return len(keys)


def _move(search: FlagSearch, **to: Any) -> bool:
    """Put a search at its next place, unless another worker has moved it meanwhile."""
    here = FlagSearch.objects.filter(pk=search.pk, noun=search.noun, after=search.after, finished_at=None)
    for name, value in to.items():
        setattr(search, name, value)
    return here.update(**to) == 1


def _begin_nightly() -> None:
    """Cards, captions and names change without a new version of what shows them, and sponsors are recent for so long only."""
    if not FlagSearch.objects.filter(asked_at__gt=timezone.now() - EVERY).exists():
        FlagSearch.objects.create(reason="Every day")


def _look_at(noun: str, key: int) -> None:
    for attempt in range(ATTEMPTS):
        try:
            flags.look_at(noun, key)
        except OperationalError:  # a deadlock, say, with somebody who publishes it
            logger.warning("Looking through the %s %s met another change (%s)", noun, key, attempt + 1, exc_info=True)
        except Exception:
            logger.exception("The %s %s could not be looked through for sponsors", noun, key)
            return
        else:
            return
    logger.error("The %s %s could not be looked through for sponsors; the next search tries again", noun, key)
