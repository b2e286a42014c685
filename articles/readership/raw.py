"""Views as they came: a table with a partition for each day, made ahead and dropped as a whole some days later.

A view is one row, however many beacons tell of it: the one that shows the deepest reading counts.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from articles.models import Outcome
from core import advisory_locks
from core.advisory_locks import AdvisoryLock

if TYPE_CHECKING:
    from articles.readership.collector import Act, View

PARTITION = "articles_pageview_%Y%m%d"
ARRAYS = ("bigint[]", "bigint[]", "timestamptz[]", "text[]", "bigint[]", "text[]", "text[]", "smallint[]")
WRITE = (
    "INSERT INTO articles_pageview (day, visitor, nonce, at, path, article_id, source, campaign, depth)"
    f" SELECT %s::date, * FROM unnest({', '.join(f'%s::{kind}' for kind in ARRAYS)})"
    " ON CONFLICT (day, visitor, nonce) DO UPDATE SET depth = excluded.depth"
    " WHERE articles_pageview.depth < excluded.depth"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A view of a page that there is, by a visitor who has a number."""

    visitor: int
    article: int | None
    view: "View"


def write(day: date, rows: Iterable[Row]) -> None:
    """Write the views of a day; one that is there already may only grow deeper."""
    views: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        view = row.view
        known = views.setdefault(
            (row.visitor, view.nonce),
            [row.visitor, view.nonce, view.at, view.path, row.article, view.source, view.campaign, view.depth],
        )
        known[-1] = max(known[-1], view.depth)
    if not views:
        return
    ensure(day)
    ordered = [views[key] for key in sorted(views)]  # in one order, so that two processes do not block each other
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [day, *map(list, zip(*ordered, strict=True))])


def write_acts(day: date, acts: Sequence[tuple["Act", int, bool]]) -> None:
    """Write what visitors did on a day, each kind once a visitor; where it was done only if that is a page of ours."""
    first = {(visitor, act.kind): (act, is_page) for act, visitor, is_page in reversed(acts)}
    Outcome.objects.bulk_create(
        [
            Outcome(day=day, kind=kind, visitor=visitor, path=act.path if is_page else "")
            for (visitor, kind), (act, is_page) in first.items()
        ],
        ignore_conflicts=True,
    )


def count_left_out(numbers: Counter[tuple[date, str]]) -> None:
    """Add to the counts of what was left out."""
    with connection.cursor() as cursor:
        for (day, reason), number in sorted(numbers.items()):
            cursor.execute(
                "INSERT INTO articles_leftout AS known (day, reason, number) VALUES (%s, %s, %s)"
                " ON CONFLICT (day, reason) DO UPDATE SET number = known.number + excluded.number",
                [day, reason, number],
            )


# Partitions


def days() -> list[date]:
    """The days that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_date(right(relid::text, 8), 'YYYYMMDD') FROM pg_partition_tree('articles_pageview')"
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
        advisory_locks.wait_for(AdvisoryLock.READERSHIP)
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF articles_pageview"
            f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        )


def drop(day: date) -> int:
    """Drop a day's views; returns how many there were."""
    name = day.strftime(PARTITION)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {name}")
        number = int(cursor.fetchone()[0])
        cursor.execute(f"DROP TABLE {name}")
        cursor.execute("DELETE FROM articles_outcome WHERE day <= %s", [day])
    return number
