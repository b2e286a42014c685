"""Advisory locks: for work that only one process may do at a time and for which there is no row to lock.

A lock is a pair of numbers: the kind of work, and what it is done to (a season, a briefing; 0 if there is only one).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection


class AdvisoryLock(IntEnum):
    """The kinds of work. The numbers are far from any that another program in the same database is likely to use."""

    DEMO = 0x4D6F6F01
    DISCLOSURES = 0x4D6F6F02  # the chain of the disclosure log has no forks
    LEDGER = 0x4D6F6F03  # appending to a season's ledger
    VOTING = 0x4D6F6F04  # shared by the ballots of a season as they are cast, alone for its close
    HITS = 0x4D6F6F05
    SENDING = 0x4D6F6F06  # the lanes of a briefing
    IMPORTS = 0x4D6F6F07  # one at a time of subscribers (0), one of posts (1), so that others of the worker's processes stay free
    BOUNCES = 0x4D6F6F08  # reading the mailbox of bounces
    FIGURES = 0x4D6F6F09  # counting those of newsletters
    BULK_ACTS = 0x4D6F6F0B  # one at a time on subscribers (0), one on articles (1)
    READERSHIP = 0x4D6F6F0C  # the partitions of readers' views
    ROLL_UP = 0x4D6F6F0D  # of one day's views
    HOLDS = 0x4D6F6F20  # those of one buyer, one after the other
    BRIEFING_FIGURES = 0x4D6F6F0E  # counting a briefing's hours and links
    AD_VIEWS = 0x4D6F6F41  # partitions of views of ads (0), counting a day of them
    AD_VERDICTS = 0x4D6F6F40  # on the clicks on one ad
    BACKUP = 0x4D6F6F50  # making one by the clock (0), restoring one into a scratch database (1)
    RENDITIONS = 0x4D6F6F31  # making copies of pictures
    LEADS = 0x4D6F6F30  # what leads the front page (0) or a category


def wait_for(lock: AdvisoryLock, of: int = 0, *, shared: bool = False) -> None:
    """Wait for a lock and keep it until the transaction ends. Those who ask for it `shared` do not wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s, %s)", [lock, of])


def take_if_free(lock: AdvisoryLock, of: int = 0) -> bool:
    """Take a lock until the transaction ends, unless another process has it; whether it was free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [lock, of])
        return bool(cursor.fetchone()[0])


@contextmanager
def held(lock: AdvisoryLock, of: int = 0) -> Iterator[None]:
    """Wait for a lock and keep it for the block, however many transactions that takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [lock, of])
    try:
        yield
    finally:
        _release(lock, of)


@contextmanager
def first_free(lock: AdvisoryLock, candidates: Iterable[int]) -> Iterator[int | None]:
    """Take the first free one of several locks for the block, and yield which it is: None if none is free."""
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
