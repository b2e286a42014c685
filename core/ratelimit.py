"""Rate limits counted in PostgreSQL, so that they hold over every process and host."""

import time
from hashlib import blake2b

from django.db import connection

_COUNT = """
    INSERT INTO core_ratecount (key, expires_at, count) VALUES (%s, to_timestamp(%s), 1)
    ON CONFLICT (key) DO UPDATE SET count = core_ratecount.count + 1
    RETURNING count
"""


def allow(key: str, *, limit: int, seconds: int) -> bool:
    """Count one event under a key; False once there were more than `limit` in this window of `seconds`.

    The key is hashed before it is stored, so an address in it cannot be read back from the table.
    """
    window = int(time.time()) // seconds
    digest = blake2b(f"{key}|{seconds}|{window}".encode(), digest_size=16).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [digest, (window + 1) * seconds])
        return cursor.fetchone()[0] <= limit
