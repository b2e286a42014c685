"""The test database around tests that commit."""

from typing import Any

from django.core.management.color import no_style
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

KEPT = "kept"  # a schema that Django does not know of


def keep_what_migrations_put_in() -> None:
    """Copy every table that is not empty, once, after the database was made."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in connection.introspection.django_table_names(only_existing=True):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
            if cursor.fetchone()[0]:
                cursor.execute(f"CREATE TABLE {KEPT}.{name} AS TABLE {name}")


def put_back_what_migrations_put_in() -> None:
    """Empty every table, and fill it with what was kept: past triggers, some of which refuse TRUNCATE, and foreign keys.

    The live site and the worker outlive a test. One in the midst of something may have locked tables in another order.
    """
    for left in (2, 1, 0):
        try:
            return _put_back()
        except OperationalError as error:
            if not left or not isinstance(error.__cause__, DeadlockDetected):
                raise
    return None


def _put_back() -> None:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in connection.ops.sql_flush(no_style(), tables):
            cursor.execute(statement)
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEPT])
        for (table,) in cursor.fetchall():
            name = connection.ops.quote_name(table)
            cursor.execute(f"INSERT INTO {name} SELECT * FROM {KEPT}.{name}")
        _number_anew(cursor)


def _number_anew(cursor: Any) -> None:
    """The live site outlives a test: a content generation it has seen must not come again and mean something else."""
    if "core_contentgeneration" in connection.introspection.table_names(cursor):  # a test may have taken it away
        cursor.execute("DELETE FROM core_contentgeneration")
        now = "1000 * extract(epoch FROM clock_timestamp())"
        cursor.execute(f"INSERT INTO core_contentgeneration (id, value) VALUES (1, {now})")


def end_other_sessions() -> None:
    """A killed process's session may outlive it for a moment, and would prevent dropping the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
