"""How many rows each table has, and a digest over them in no order: alike in a database and in a copy of it."""

from typing import Any

Fingerprints = dict[str, list[str]]  # by table: the number of rows, and the digest

# What a value looks like as text must not depend on where it is read
_PLAIN = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres';"
_PLAIN += " SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL search_path = public"
# What is not logged comes into no backup
_TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relpersistence = 'p'
    ORDER BY relname
"""
_DIGEST = "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM public.{} AS t"


def taken(cursor: Any) -> Fingerprints:
    """Those of the database that a cursor is connected to, in the transaction that it is in."""
    cursor.execute(_PLAIN)
    cursor.execute(_TABLES)
    found = {}
    for name in [row[0] for row in cursor.fetchall()]:
        cursor.execute(_DIGEST.format('"' + name.replace('"', '""') + '"'))
        found[name] = [str(value) for value in cursor.fetchone()]
    return found


def differences(one: Fingerprints, other: Fingerprints) -> list[str]:
    """In words, for each table that is not the same in both."""
    said = []
    for name in sorted({*one, *other}):
        first, second = one.get(name), other.get(name)
        if first == second:
            continue
        rows = [f"{int(each[0]):,} rows" if each else "no such table" for each in (first, second)]
        said.append(f"{name}: {rows[0]} and {rows[1]}" if rows[0] != rows[1] else f"{name}: other values in {rows[0]}")
    return said
