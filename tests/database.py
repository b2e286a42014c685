"""The test database: made by migrations once for all processes, and as it was before after tests that commit."""

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from cms.ops import embedded, first_migration
from cms.ops.embedded import programs

ROOT = Path(__file__).resolve().parent.parent

KEPT = "kept"  # a schema that Django does not know of


def let_nothing_wait_for_the_disk(var: Path) -> None:
    """Have the server of this state folder take the kernel's word: what dies in tests are processes, not the machine."""
    server = embedded.connection(var)
    where = f"host={server['HOST']} port={server['PORT']} user={server['USER']} dbname={server['NAME']}"
    with psycopg.connect(where, autocommit=True) as session:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            session.execute(f"ALTER SYSTEM SET {setting} = off")
        session.execute("SELECT pg_reload_conf()")


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """The test database, empty but for what Django is to make in this block if no process has made it before.

    Migrating takes some seconds, reading what another process kept of it one.
    """
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]  # as Django is about to call it
    kept = _kept(folder)
    with open(folder / "migrated.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _create(name)
        if kept.exists():
            fcntl.flock(lock, fcntl.LOCK_UN)
            _read(name, kept)
            yield
            return
        with first_migration.quickly():
            yield
        for old in folder.glob("migrated-*.sql"):
            old.unlink()
        part = kept.with_suffix(".part")
        _client("pg_dump", name, f"--file={part}")
        part.rename(kept)


def make_anew(folder: Path) -> None:
    """The test database's tables as migrations made them, whatever a test did to them."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    _read(connection.settings_dict["NAME"], _kept(folder))


def _kept(folder: Path) -> Path:
    return folder / f"migrated-{_digest_of_what_makes_it()}.sql"


def _read(name: str, kept: Path) -> None:
    _client("psql", name, "--quiet", "--set=ON_ERROR_STOP=1", f"--file={kept}")


def _digest_of_what_makes_it() -> str:
    files = [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements-dev.txt"]
    return sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:16]


def _create(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")


def _client(program: str, name: str, *arguments: str) -> None:
    where = connection.settings_dict
    command = [programs.program(program), "-h", where["HOST"], "-p", str(where["PORT"]), "-U", where["USER"]]
    subprocess.run([*command, f"--dbname={name}", *arguments], check=True, stdout=subprocess.DEVNULL)


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
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        every = ", ".join(_tables(cursor))
        cursor.execute(f"LOCK TABLE {every} IN SHARE ROW EXCLUSIVE MODE")  # once whoever writes has ended
        for partition in _tables(cursor, "relispartition"):
            cursor.execute(f"DROP TABLE {partition}")
        kept = _tables(cursor, schema=KEPT)
        # Few tables were ever written to, and TRUNCATE would make every table's files anew.
        written = [
            f"SELECT '{name}' WHERE EXISTS (TABLE {name})"
            for name in _tables(cursor, "pg_relation_size(oid) > 0")
            if name not in kept
        ]
        for name in _found(cursor, written):
            cursor.execute(f"DELETE FROM {name}")
        changed = [
            f"SELECT '{name}' WHERE EXISTS (TABLE {name} EXCEPT ALL TABLE {KEPT}.{name})"
            f" OR EXISTS (TABLE {KEPT}.{name} EXCEPT ALL TABLE {name})"
            for name in kept
        ]
        for name in _found(cursor, changed):
            cursor.execute(f"DELETE FROM {name}; INSERT INTO {name} TABLE {KEPT}.{name}")
        _number_anew(cursor)


def _tables(cursor: Any, condition: str = "true", schema: str = "public") -> list[str]:
    """The tables of ours that are there, by name; those that migrations made but for their own record."""
    cursor.execute(
        "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p')"
        f" AND relname <> 'django_migrations' AND {condition} ORDER BY relname",
        [schema],
    )
    return [name for (name,) in cursor.fetchall()]


def _found(cursor: Any, questions: list[str]) -> list[str]:
    """What each of some questions finds, asked as one."""
    if not questions:
        return []
    cursor.execute(" UNION ALL ".join(questions))
    return [name for (name,) in cursor.fetchall()]


def _number_anew(cursor: Any) -> None:
    """The live site outlives a test: a content generation it has seen must not come again and mean something else."""
    if "core_contentgeneration" in _tables(cursor):  # a test may have taken it away
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
