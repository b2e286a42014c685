"""The staging table: a whole file in the database before anything is changed, each address once, its dates settled."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from newsletter.subscribers.importing.dates import Order
from newsletter.subscribers.importing.report import NAMED, Report
from newsletter.subscribers.importing.rows import Row

TABLE = "newsletter_import_staging"
ROWS_AT_ONCE = 5_000
_CREATE = f"""
    DROP TABLE IF EXISTS pg_temp.{TABLE};
    CREATE TEMPORARY TABLE {TABLE} (
        n bigint, line bigint, email text, canonical text COLLATE "C", name text, verdict smallint, word text,
        given_at timestamptz, given_month_first timestamptz, stopped_at timestamptz, stopped_month_first timestamptz,
        network text, reason text, attributes text, tags text
    )
"""
_COLUMNS = "n, line, email, canonical, name, verdict, word, given_at, given_month_first, stopped_at"
_COLUMNS += ", stopped_month_first, network, reason, attributes, tags"
# Of several rows about an address the strongest stays, and of those as strong the first; what it lacks comes from the others.
_MERGE = f"""
    WITH several AS (
        SELECT canonical, (array_agg(n ORDER BY verdict DESC, n))[1] AS kept, min(given_at) AS given_at,
               min(stopped_at) FILTER (WHERE verdict >= 2) AS stopped_at, max(name) AS name, max(reason) AS reason,
               max(attributes) AS attributes, string_agg(nullif(tags, ''), ',') AS tags
        FROM {TABLE} GROUP BY canonical HAVING count(*) > 1
    ), completed AS (
        UPDATE {TABLE} row SET given_at = coalesce(row.given_at, several.given_at),
            stopped_at = coalesce(row.stopped_at, several.stopped_at),
            name = coalesce(nullif(row.name, ''), several.name), reason = coalesce(nullif(row.reason, ''), several.reason),
            attributes = coalesce(nullif(row.attributes, ''), several.attributes), tags = coalesce(several.tags, '')
        FROM several WHERE row.n = several.kept
    )
    DELETE FROM {TABLE} row USING several WHERE row.canonical = several.canonical AND row.n <> several.kept
"""
# What stands side by side in the indexes is then written side by side: in the file's own order each row dirties other pages.
_SORT = f"""
    CREATE TEMPORARY TABLE {TABLE}_sorted AS
        SELECT row_number() OVER (ORDER BY canonical) AS n, email, canonical, name, verdict, given_at, stopped_at, network,
            reason, attributes, tags
        FROM {TABLE} ORDER BY canonical;
    DROP TABLE {TABLE};
    ALTER TABLE {TABLE}_sorted RENAME TO {TABLE};
    CREATE INDEX ON {TABLE} (n);
    ANALYZE {TABLE}
"""
_NEEDS_ESCAPE = str.maketrans({"\\": "\\\\", "\t": " ", "\n": " ", "\r": " "})


@contextmanager
def staged() -> Iterator[Any]:
    """An empty staging table, gone again at the end; gives a cursor."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        try:
            yield cursor
        finally:
            if not connection.needs_rollback and not connection.errors_occurred:
                cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{TABLE}")


def copy(cursor: Any, rows: Iterable[tuple[int, Row]], progress: Callable[[int], None]) -> int:
    """Stream rows, each with its line, into the table; return how many there were. `progress` hears of each block."""
    number, block = 0, list[str]()
    with cursor.copy(f"COPY {TABLE} ({_COLUMNS}) FROM STDIN") as out:
        for number, (line, row) in enumerate(rows, 1):
            block.append(_text(number, line, row))
            if len(block) == ROWS_AT_ONCE:
                out.write("".join(block))
                block.clear()
                progress(number)
        out.write("".join(block))
    return number


def _text(number: int, line: int, row: Row) -> str:
    given, stopped = row.given, row.stopped
    name = row.name.translate(_NEEDS_ESCAPE) if row.name else ""
    rest = _rest(row) if row.reason or row.attributes or row.tags else f"{row.network}\t\t\t"
    return (
        f"{number}\t{line}\t{row.email}\t{row.canonical}\t{name}\t{row.verdict.value}\t{row.word.translate(_NEEDS_ESCAPE)}\t"
        f"{given.at or _NULL}\t{given.month_first or _NULL}\t{stopped.at or _NULL}\t{stopped.month_first or _NULL}\t{rest}\n"
    )


_NULL = "\\N"


def _rest(row: Row) -> str:
    return "\t".join(text.translate(_NEEDS_ESCAPE) for text in (row.network, row.reason, row.attributes, row.tags))


def settle_dates(cursor: Any, order: Order, report: Report) -> None:
    """Settle the dates that can be read both ways; those that still can are unknown, and named."""
    both = "given_month_first IS NOT NULL OR stopped_month_first IS NOT NULL"
    if order.is_day_first is None:
        cursor.execute(f"SELECT line, count(*) OVER () FROM {TABLE} WHERE {both} ORDER BY n LIMIT {NAMED}")
        found = cursor.fetchall()
        for line, _ in found:
            report.dateless.add(line, "no usable date: day and month cannot be told apart (use --dates)")
        report.dateless.count += found[0][1] - len(found) if found else 0
    if order.is_day_first is not True:
        other = "NULL" if order.is_day_first is None else "{name}_month_first"
        for name, column in ("given", "given_at"), ("stopped", "stopped_at"):
            value = other.format(name=name)
            cursor.execute(f"UPDATE {TABLE} SET {column} = {value} WHERE {name}_month_first IS NOT NULL")


def merge(cursor: Any) -> int:
    """Leave one row for each address, numbered anew in the order of the addresses; return how many went."""
    cursor.execute(f"ANALYZE {TABLE}")
    cursor.execute(_MERGE)
    went = int(cursor.rowcount)
    cursor.execute(_SORT)
    return went
