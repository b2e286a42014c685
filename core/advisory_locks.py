"""Advisory locks of the database, one number each: for what no row stands that could be locked instead.

A lock is a pair of numbers, of what is done and of what it is done to (a season, a briefing; 0 where there is but one).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection


class AdvisoryLock(IntEnum):
    """What is done by one process at a time. The numbers begin far from those that other programs might use."""

    DEMO = 0x4D6F6F01
    DISCLOSURES = 0x4D6F6F02  # the chain of the disclosure log has no forks
    LEDGER = 0x4D6F6F03  # appending to a season's ledger
    VOTING = 0x4D6F6F04  # shared by the ballots of a season as they are cast, alone for its close
    HITS = 0x4D6F6F05
    SENDING = 0x4D6F6F06  # the lanes of a briefing


def wait_for(lock: AdvisoryLock, of: int = 0, *, shared: bool = False) -> None:
    """Have a lock until the transaction ends, once nobody else has it; `shared` with others who ask for it so."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s, %s)", [lock, of])


def is_free(lock: AdvisoryLock, of: int = 0) -> bool:
    """Have a lock until the transaction ends, unless somebody else has it; whether it was free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [lock, of])
        return bool(cursor.fetchone()[0])


@contextmanager
def held(lock: AdvisoryLock, of: int = 0) -> Iterator[None]:
    """Have a lock for the block, over as many transactions as it takes, once nobody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [lock, of])
    try:
        yield
    finally:
        _release(lock, of)


@contextmanager
def first_free(lock: AdvisoryLock, candidates: Iterable[int]) -> Iterator[int | None]:
    """Have the first of several locks that is free for the block, and say which; None where there is no free one."""
    with connection.cursor() as cursor:
        for of in candidates:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [lock, of])
            if cursor.fetchone()[0]:
                break
        else:
            of = None
    try:
        yield of
    finally:
        if of is not None:
            _release(lock, of)


def _release(lock: AdvisoryLock, of: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [lock, of])
