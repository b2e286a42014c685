"""Where views of ads stand as they came: a table with a partition for each day, dropped as a whole some days later."""

from datetime import date, timedelta

from django.db import connection, transaction

from core import advisory_locks
from core.advisory_locks import AdvisoryLock

PARTITION = "sponsors_adview_%Y%m%d"


def days() -> list[date]:
    """The days that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_date(right(relid::text, 8), 'YYYYMMDD') FROM pg_partition_tree('sponsors_adview')"
            " WHERE isleaf AND level = 1 ORDER BY 1"
        )
        return [day for (day,) in cursor.fetchall()]


def ensure(day: date) -> None:
    """Make the partition of a day, unless it is there."""
    name = day.strftime(PARTITION)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0]:
            return
        advisory_locks.wait_for(AdvisoryLock.AD_VIEWS)
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF sponsors_adview"
            f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        )


def drop(day: date) -> int:
    """Drop a day's views; how many there were."""
    name = day.strftime(PARTITION)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {name}")
        number = int(cursor.fetchone()[0])
        cursor.execute(f"DROP TABLE {name}")
    return number
