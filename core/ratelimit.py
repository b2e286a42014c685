"""Rate limits counted in PostgreSQL, so that they hold over every process and host."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b, sha256

from django.conf import settings
from django.db import connection

from core.lib.recordsets import recordset

_COUNT = """
    INSERT INTO core_ratecount (key, expires_at, count)
    SELECT key, to_timestamp(expires), number
    FROM {haste} json_to_recordset(%s) AS event(key text, expires bigint, number int)
    ON CONFLICT (key) DO UPDATE SET count = core_ratecount.count + excluded.count
    RETURNING key, count
"""
# Nobody waits for a count to be on the disk: a database that crashes forgets those of its last second.
_HASTE = "(SELECT set_config('synchronous_commit', 'off', true)) AS haste,"
_FIRST = """
    INSERT INTO core_ratecount (key, expires_at, count) VALUES (%s, %s, 1) ON CONFLICT (key) DO NOTHING RETURNING count
"""
_GIVE_BACK = "UPDATE core_ratecount SET count = count - 1 WHERE key = %s AND count > 0"


def allow(key: str, *, limit: int, seconds: int) -> bool:
    """Count one event under a key; False once there were more than `limit` in this window of `seconds`.

    The key is stored as a hash under SECRET_KEY, so an address in it can be neither read nor tried from the table.
    """
    return count(key, seconds=seconds) <= limit


def count(key: str, *, seconds: int) -> int:
    """Count one event under a key; return how many there have been in this window of `seconds`."""
    return count_all([(key, seconds)])[0]


def count_all(events: Sequence[tuple[str, int]]) -> list[int]:
    """Count events, each under a key in a window of so many seconds; return how many there have been with each of them."""
    windows = [_window(key, seconds) for key, seconds in events]
    left = Counter(windows)
    rows = [
        {"key": key, "expires": end, "number": left[key, end]}
        for key, end in sorted(left)  # in one order, so that two processes do not block each other
    ]
    haste = "" if connection.in_atomic_block else _HASTE
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(haste=haste), [recordset(rows)])
        counted = dict(cursor.fetchall())
    numbers = []
    for window in windows:
        left[window] -= 1
        numbers.append(int(counted[window[0]]) - left[window])
    return numbers


def is_first(key: str, *, until: datetime) -> bool:
    """Use up a key; False if it was used before. It is remembered until then, and must not be good for longer."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [_hashed(f"{key}|once"), until])
        return cursor.fetchone() is not None


def give_back(key: str, *, seconds: int) -> None:
    """Uncount the last event under a key."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [_window(key, seconds)[0]])


def _window(key: str, seconds: int) -> tuple[str, int]:
    """The key of the current window in the table, and when the window ends."""
    window = int(time.time()) // seconds
    return _hashed(f"{key}|{seconds}|{window}"), (window + 1) * seconds


def _hashed(key: str) -> str:
    return blake2b(key.encode(), digest_size=16, key=_secret(settings.SECRET_KEY)).hexdigest()


@cache
def _secret(key: str) -> bytes:
    """Without which networks and addresses could be tried."""
    return sha256(key.encode()).digest()
