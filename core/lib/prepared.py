"""Queries that readers' pages live on: written with the ORM, compiled once a process, planned once a connection.

The ORM takes longer to write such a query anew each time than PostgreSQL to plan it, and that longer than to answer it.
Other statements go to the server in the same way, with parameters that are not written into their text.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import InterfaceError, NotSupportedError, OperationalError, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import QuerySet
from psycopg.pq import Format

Row = TypeVar("Row")


def rows(
    statement: str, parameters: Sequence[Any], *, binary: bool = False, prepare: bool = False
) -> list[tuple[Any, ...]]:
    """What a statement gives, as the driver gives it. Its parameters go beside it: bytes, with `%b`, as they are.

    With `binary` the values come as PostgreSQL has them, so that bytes are not written out as text on their way either.
    Where `prepare`, it is planned once: nothing for tables that may be empty then and large soon after.
    """
    connection.ensure_connection()
    connection.connection.prepare_threshold = 0 if prepare else None
    raw: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    raw.format = Format.BINARY if binary else Format.TEXT
    make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with make(raw) as cursor:
        cursor.execute(statement, parameters)
        return cast(list[tuple[Any, ...]], cursor.fetchall())


class PreparedQuery(Generic[Row]):
    """One query of one text parameter. `build` gets a stand-in for it and returns the queryset, ending in `values()`.

    Values come as the driver gives them: what JSON the query makes is text still.
    """

    STAND_IN = "the-parameter-of-this-query"

    def __init__(self, build: Callable[[str], QuerySet[Any, Row]]):
        self.build = build

    @cached_property
    def compiled(self) -> tuple[str, tuple[Any, ...], list[str]]:
        """The SQL, its parameters, and the names of its columns."""
        query = self.build(self.STAND_IN).query
        sql, parameters = query.sql_with_params()
        return sql, parameters, list(query.selected or ())

    def first(self, parameter: str) -> Row | None:
        """The first row, by the names of its columns; None where there is none."""
        try:
            return self._first(parameter)
        except (OperationalError, InterfaceError, NotSupportedError):
            if connection.in_atomic_block:
                raise
            connection.close()  # the server was restarted, or a table altered since the query was planned
            return self._first(parameter)

    def _first(self, parameter: str) -> Row | None:
        sql, parameters, names = self.compiled
        values = [parameter if value == self.STAND_IN else value for value in parameters]
        found = rows(sql, values, prepare=True)
        return cast(Row, dict(zip(names, found[0], strict=True))) if found else None
