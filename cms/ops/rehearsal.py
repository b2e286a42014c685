"""A restore into a scratch database, to see that a backup is good: the same rows in every table, then nothing of it stays."""

import hashlib
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


def rehearse(path: Path, *, identity: Path | None, say: Say) -> None:
    """Restore a backup into a scratch database of the same server and compare. Raises BackupError if it is not the same.

    Of each file its digest is compared, of each table the number of its rows and a digest over them, with what the
    backup says that they were. The site is not touched, and may run.
    """
    with opened(path, identity) as tar:
        manifest = checked(tar, path)
        say(f"{path}: whole, {len(manifest['files'])} files are what they were")
        with _scratch() as name:
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
def _scratch() -> Iterator[str]:
    name = f"{connection.settings_dict['NAME']}_check_{secrets.token_hex(3)}"[-63:]
    quoted = sql.Identifier(name).as_string(None)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {quoted} TEMPLATE template0")
    except DatabaseError as error:
        raise BackupError(
            f"No scratch database could be made: {str(error).strip()}. The site's role needs CREATEDB for this: "
            "ALTER ROLE … CREATEDB. Or check the backup on another machine."
        ) from error
    try:
        yield name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted} WITH (FORCE)")
