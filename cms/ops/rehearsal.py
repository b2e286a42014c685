"""A restore into a scratch database, to see that a backup is good: the same rows in every table, then nothing of it stays."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import DatabaseError, connection
from django.utils import timezone
from psycopg import sql

from cms.models import Backup
from cms.ops import fingerprints
from cms.ops.backup import BackupError, Say, checked, opened, restore_database
from core import advisory_locks
from core.advisory_locks import AdvisoryLock

CHECKING = 1  # beside making one, 0
TOKEN = 3  # random bytes in the name of a scratch database


def rehearse(path: Path, *, identity: Path | None, say: Say) -> None:
    """Restore a backup into a scratch database of the same server and compare. Raises BackupError if it is not the same.

    Of each file its digest is compared, of each table the number of its rows and a digest over them, with what the
    backup says that they were. The site is not touched, and may run.
    """
    with opened(path, identity) as tar:
        manifest = checked(tar, path)
        say(f"{path}: whole, {len(manifest['files'])} files are what they were")
        with _scratch(say) as name:
            restore_database(tar, into=name)
            parameters: dict[str, Any] = connection.get_connection_params() | {"dbname": name}
            parameters.pop("cursor_factory", None)
            parameters.pop("context", None)
            with psycopg.connect(**parameters) as scratch, scratch.cursor() as cursor:
                found = fingerprints.taken(cursor)
    rows = sum(int(number) for number, _ in found.values())
    wanted = manifest.get("tables")
    if wanted is None:
        say(f"database: {len(found)} tables with {rows:,} rows came back; this backup does not say what they were")
    elif wrong := fingerprints.differences(wanted, found):
        raise BackupError(f"{path} does not come back as it was: {'; '.join(wrong[:5])}.")
    else:
        say(f"database: {len(found)} tables with {rows:,} rows are what they were")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    Backup.objects.filter(sha256=digest).update(checked_at=timezone.now())


@contextmanager
def _scratch(say: Say) -> Iterator[str]:
    """An empty database for the block, which one check at a time has; what one that was killed has left goes first."""
    name = f"{connection.settings_dict['NAME']}_check_{secrets.token_hex(TOKEN)}"[-63:]
    with advisory_locks.first_free(AdvisoryLock.BACKUP, [CHECKING]) as lock:
        if lock is None:
            raise BackupError("Another check is under way on this database. Wait until it has ended.")
        try:
            _drop_left(name, say)
            _execute(f"CREATE DATABASE {_quoted(name)} TEMPLATE template0")
        except DatabaseError as error:
            raise BackupError(
                f"No scratch database could be made: {str(error).strip()}. The site's role needs CREATEDB for this: "
                "ALTER ROLE … CREATEDB. Or check the backup on another machine."
            ) from error
        say(f"restoring into {name}, which goes again")
        try:
            yield name
        finally:
            _drop(name)


def _drop_left(name: str, say: Say) -> None:
    """Drop databases of which nothing but the number in their names differs from this name."""
    stem = name[: -2 * TOKEN]
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [stem])
        found = [row[0] for row in cursor.fetchall()]
    for left in found:
        if re.fullmatch(f"[0-9a-f]{{{2 * TOKEN}}}", left.removeprefix(stem)):
            _drop(left)
            say(f"{left}: dropped, which a check that was cut short had left")


def _drop(name: str) -> None:
    _execute(f"DROP DATABASE {_quoted(name)} WITH (FORCE)")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)
