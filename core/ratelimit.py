"""Rate limits counted in PostgreSQL, so that they hold over every process and host."""

import time
from hashlib import blake2b

from django.db import connection

_COUNT = """
    INSERT INTO core_ratecount (key, expires_at, count) VALUES (%s, to_timestamp(%s), 1)
    ON CONFLICT (key) DO UPDATE SET count = core_ratecount.count + 1
    RETURNING count
"""
_GIVE_BACK = "UPDATE core_ratecount SET count = count - 1 WHERE key = %s AND count > 0"


def allow(key: str, *, limit: int, seconds: int) -> bool:
    """Count one event under a key; False once there were more than `limit` in this window of `seconds`.

    The key is hashed before it is stored, so an address in it cannot be read back from the table.
    """
    return count(key, seconds=seconds) <= limit


def count(key: str, *, seconds: int) -> int:
    """Count one event under a key; return how many there have been in this window of `seconds`."""
    digest, end = _window(key, seconds)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [digest, end])
        return int(cursor.fetchone()[0])


def give_back(key: str, *, seconds: int) -> None:
    """Uncount the last event under a key."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [_window(key, seconds)[0]])


def _window(key: str, seconds: int) -> tuple[str, int]:
    """The key of the current window in the table, and when the window ends."""
    window = int(time.time()) // seconds
    return blake2b(f"{key}|{seconds}|{window}".encode(), digest_size=16).hexdigest(), (window + 1) * seconds
