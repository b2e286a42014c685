"""Where views of ads stand as they came, and by reader: tables with a partition for each day, dropped as a whole some days later."""

from datetime import date, timedelta

from django.db import connection, transaction

from core import advisory_locks
from core.advisory_locks import AdvisoryLock

VIEWS, READERS = "sponsors_adview", "sponsors_adreader"


def _of(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def days() -> list[date]:
    """The days that have their partitions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_date(right(relid::text, 8), 'YYYYMMDD') FROM pg_partition_tree('sponsors_adview')"
            " WHERE isleaf AND level = 1 ORDER BY 1"
        )
        return [day for (day,) in cursor.fetchall()]


def ensure(day: date) -> None:
    """Make the partitions of a day, unless they are there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [_of(READERS, day)])
        if cursor.fetchone()[0]:
            return
        advisory_locks.wait_for(AdvisoryLock.AD_VIEWS)
        for table in (VIEWS, READERS):
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {_of(table, day)} PARTITION OF {table}"
                f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
            )


def empty_readers(day: date) -> None:
    """Empty what is known of a day's readers, and keep all others from adding to it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {_of(READERS, day)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"DELETE FROM {_of(READERS, day)}")


def drop(day: date) -> int:
    """Drop a day's views; how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {_of(VIEWS, day)}")
        number = int(cursor.fetchone()[0])
        for table in (VIEWS, READERS):
            cursor.execute(f"DROP TABLE {_of(table, day)}")
    return number
