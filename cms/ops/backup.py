"""A backup: one tar of the database's dump, the media folder and the state folder's keys, with a manifest at its end.

The manifest comes last and names every other file with its SHA-256, and every table with a digest of its rows: a backup
without it was cut short. The ballots' peppers are left out on purpose (decision 0008). It is encrypted on its way into
the file where the settings name who may read it (cms.ops.sealing).
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from cms.demo.loader import COMPLETE
from cms.models import DemoMark
from cms.ops import fingerprints, sealing
from cms.ops.embedded.programs import program
from newsletter.automations import lifecycle
from newsletter.subscribers import restored_stops

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"
KEYS = ("secret_key", "ledger_signing_key", "consent_key")  # where they are not given by the environment
CHUNK = 1024 * 1024
EMPTY_THE_DATABASE = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition -- they go with their table
    LOOP EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', found.name); END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    LOOP EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', found.name); END LOOP;
    FOR found IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
    LOOP EXECUTE format('DROP SEQUENCE IF EXISTS %s CASCADE', found.name); END LOOP;
END $$
"""

Say = Callable[[str], None]


class BackupError(Exception):
    """A backup or a restore failed; the text says why. Database and keys are as they were."""


def back_up(path: Path, *, say: Say) -> None:
    """Write a backup to a new file; readers and editors go on meanwhile."""
    if path.exists():
        raise BackupError(f"{path} is there already. Choose another name, or move it away.")
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "xb", opener=_private) as out, tempfile.TemporaryFile(dir=path.parent) as dump:
            with sealing.sealed(out, settings.BACKUP_RECIPIENTS) as into:
                _write(into, dump, say)
            out.flush()
            os.fsync(out.fileno())
        part.rename(path)
    except FileExistsError:
        raise BackupError(f"Another backup to this name is being written, or was cut short: remove {part}.") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.") from error
    except sealing.SealError as error:
        raise BackupError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    say(f"{path}: {_size(path.stat().st_size)}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write(out: IO[bytes], dump: IO[bytes], say: Say) -> None:
    """Write it all into `out`. `dump`, a file without a name, holds the database meanwhile: a kill leaves nothing of it."""
    files: dict[str, dict[str, Any]] = {}
    migrations = sorted(".".join(key) for key in MigrationLoader(connection).applied_migrations)
    with tarfile.open(fileobj=out, mode="w|") as tar:
        tables = _dump(dump)
        files[DUMP] = _add_open(tar, dump, DUMP)
        say(f"database: {_size(files[DUMP]['size'])}")
        folder_of_media = [] if settings.MEDIA_BUCKET else sorted(Path(settings.MEDIA_ROOT).rglob("*"))
        media = [found for found in folder_of_media if found.is_file()]
        for number, found in enumerate(media, 1):
            name = str(PurePosixPath("media", found.relative_to(settings.MEDIA_ROOT)))
            files[name] = _add(tar, found, name)
            if number % 1000 == 0:
                say(f"media: {number} of {len(media)} files")
        say(f"media: {len(media)} files, {_size(sum(files[name]['size'] for name in files if name != DUMP))}")
        if settings.MEDIA_BUCKET:
            say("media: not in it, as they lie in a bucket: have that keep versions")
        for key in KEYS:
            if (settings.VAR / key).exists():
                files[f"keys/{key}"] = _add(tar, settings.VAR / key, f"keys/{key}")
        manifest = {"format": FORMAT, "made_at": timezone.now().isoformat(), "migrations": migrations, "tables": tables}
        manifest["files"] = files
        text = json.dumps(manifest, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))


def _dump(into: IO[bytes]) -> fingerprints.Fingerprints:
    """Dump the database, and take the digests of what was dumped: both see it as it was at one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = f"--snapshot={cursor.fetchone()[0]}"
        without = ("--no-owner", "--no-acl", "--no-unlogged-table-data")
        command, environment = _command("pg_dump", "--format=custom", *without, snapshot)
        done = subprocess.run(command, env=environment, stdout=into, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise BackupError(f"pg_dump failed: {done.stderr.strip()[-500:]}")
        return fingerprints.taken(cursor)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        return _add_open(tar, file, name)


def _add_open(tar: tarfile.TarFile, file: IO[bytes], name: str) -> dict[str, Any]:
    """Add all of an open file, from its beginning."""
    entry = tarfile.TarInfo(name)
    entry.size = os.fstat(file.fileno()).st_size
    file.seek(0)
    digest = _Digesting(file)
    tar.addfile(entry, digest)
    return {"size": entry.size, "sha256": digest.sha256.hexdigest()}


class _Digesting:
    """A file that takes the digest of what is read from it."""

    def __init__(self, file: IO[bytes]):
        self.file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.sha256.update(data)
        return data


def restore(path: Path, *, replace: bool, say: Say, identity: Path | None = None) -> None:
    """Restore database, media and keys from a backup. The database changes wholly or not at all.

    `identity` is the file of the private key of one that is encrypted.
    """
    with opened(path, identity) as tar:
        manifest = checked(tar, path)
        _refuse_newer(manifest)
        _refuse_loss(replace=replace)
        say(f"{path}: whole, made {manifest['made_at'][:16].replace('T', ' ')} UTC")
        places = {name: _place(name) for name in manifest["files"] if name != DUMP}
        keys = [name for name in places if name.startswith("keys/")]
        for name in places.keys() - set(keys):  # if the database refuses, additional pictures do no harm
            _extract(tar, name, places[name])
        say(f"media: {len(places) - len(keys)} files")
        connection.close()
        restore_database(tar)
        for name in keys:
            _extract(tar, name, places[name])
    say("database: restored")
    call_command("migrate", verbosity=0, interactive=False)
    if paused := lifecycle.pause_restored():
        say(f"automations: {paused} paused, which do not know of the letters since; look at each, and let it go on")
    say(f"stops: {restored_stops.reapply()} persons who left or were erased since")
    DemoMark.objects.get_or_create(key=COMPLETE)  # bin/serve shall add no demo to what was restored


def restore_database(tar: tarfile.TarFile, *, into: str = "") -> None:
    """Lead the dump through pg_restore into psql, in one transaction. Nothing of it touches the disk on the way.

    `into` names another database of the same server.
    """
    with _Program("pg_restore", "--schema=public", "--no-owner", "--no-acl", "--file=-", on_database=False) as script:
        loading = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-c", EMPTY_THE_DATABASE, "-f", "-")
        with _Program("psql", *loading, database=into) as database:
            feeder = threading.Thread(target=_feed, args=(tar.extractfile(DUMP), script.stdin), daemon=True)
            feeder.start()
            try:
                _copy_script(script.stdout, database.stdin)
            except BrokenPipeError:
                database.finish()  # it says why it stopped reading
                raise
            feeder.join()
            script.finish()  # or psql is killed with the transaction open, and so nothing has changed
            database.finish()


def _feed(dump: IO[bytes] | None, into: IO[bytes]) -> None:
    try:
        with into:
            shutil.copyfileobj(dump or io.BytesIO(), into, CHUNK)
    except BrokenPipeError:
        pass  # what ended says so itself


def _copy_script(script: IO[bytes], into: IO[bytes]) -> None:
    """Copy the script without the setting at its head that only PostgreSQL 17 and newer know."""
    for line in script:
        if line != b"SET transaction_timeout = 0;\n":
            into.write(line)
        if line.startswith((b"CREATE", b"ALTER", b"COPY")):
            break
    shutil.copyfileobj(script, into, CHUNK)


class _Program:
    """One of PostgreSQL's programs between two pipes; killed at the end of the block unless it has finished."""

    def __init__(self, name: str, *arguments: str, on_database: bool = True, database: str = "") -> None:
        self.name, self.said = name, tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the block
        command, environment = _command(name, *arguments, on_database=on_database, database=database)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=self.said)
        self.stdin = cast(IO[bytes], self.process.stdin)
        self.stdout = cast(IO[bytes], self.process.stdout)

    def finish(self) -> None:
        """Close its input and wait for its end. Raises BackupError if it failed."""
        try:
            self.stdin.close()
        except BrokenPipeError:
            pass
        if self.process.wait():
            self.said.seek(0)
            raise BackupError(f"{self.name} failed: {self.said.read().decode(errors='replace').strip()[-500:]}")

    def __enter__(self) -> "_Program":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.stdin, self.stdout, self.said):
            try:
                pipe.close()
            except BrokenPipeError:
                pass


@contextmanager
def opened(path: Path, identity: Path | None = None) -> Iterator[tarfile.TarFile]:
    """A backup's tar, decrypted if need be. Raises BackupError for what is none."""
    try:
        with sealing.opened(path, identity) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            yield tar
    except sealing.SealError as error:
        raise BackupError(str(error)) from error
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"{path} is no whole backup: {error}.") from error


def checked(tar: tarfile.TarFile, path: Path) -> dict[str, Any]:
    """The manifest, once it was checked that the files are those it names, unchanged."""
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    for entry in tar:
        file = tar.extractfile(entry) if entry.isreg() else None
        if file is None or entry.name in found:
            raise BackupError(f"{path} is no backup of Moonpress: it holds “{entry.name}”.")
        if entry.name == MANIFEST:
            manifest = json.loads(file.read())
            continue
        digest = _Digesting(file)
        while digest.read(CHUNK):
            pass
        found[entry.name] = {"size": entry.size, "sha256": digest.sha256.hexdigest()}
    if manifest is None:
        raise BackupError(f"{path} was cut short when it was made or copied: it has no manifest.")
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{path} was made by a newer Moonpress; restore it with that one.")
    wrong = [name for name in {*found, *manifest["files"]} if found.get(name) != manifest["files"].get(name)]
    if wrong or DUMP not in found:
        raise BackupError(f"{path} is damaged: {', '.join(sorted(wrong)[:5]) or DUMP} is not what its manifest says.")
    return manifest


def _refuse_newer(manifest: dict[str, Any]) -> None:
    known = {".".join(key) for key in MigrationLoader(None).disk_migrations or {}}
    if unknown := sorted(set(manifest["migrations"]) - known):
        raise BackupError(f"This backup was made by a newer Moonpress: it has {unknown[0]}. Update, then restore.")


def _refuse_loss(*, replace: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        others = cursor.fetchone()[0]
    if others:
        raise BackupError(f"The database is in use ({others} connections). Stop web, worker and beat, then restore.")
    if not replace and connection.introspection.table_names():
        raise BackupError("The database is not empty. With --replace everything in it is thrown away and replaced.")


def _place(name: str) -> Path:
    """Where a file of a backup belongs. Raises BackupError for one that belongs nowhere."""
    kind, _, rest = name.partition("/")
    if kind == "keys" and rest in KEYS:
        return Path(settings.VAR) / rest
    root = Path(settings.MEDIA_ROOT).resolve()
    place = (root / rest).resolve()
    if kind != "media" or not place.is_relative_to(root) or place == root:
        raise BackupError(f"This is no backup of Moonpress: it holds “{name}”.")
    return place


def _extract(tar: tarfile.TarFile, name: str, place: Path) -> None:
    file = tar.extractfile(name)
    assert file  # noqa: S101 - it was read a moment ago
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    with file, open(part, "wb", opener=_private if name.startswith("keys/") or name == DUMP else None) as out:
        while data := file.read(CHUNK):
            out.write(data)
    part.rename(place)


def _command(
    name: str, *arguments: str, on_database: bool = True, database: str = ""
) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of one of PostgreSQL's programs; on the site's database unless told."""
    wanted, variables = [], {}
    if on_database:
        parameters = connection.get_connection_params()
        variables = {"PGPASSWORD": parameters.pop("password", "")}  # an argument could be seen by others
        known: dict[str, Any] = {key: value for key, value in parameters.items() if isinstance(value, str | int)}
        known |= {"dbname": database} if database else {}
        wanted = [f"--dbname={make_conninfo(**known)}"]
    return [program(name), *wanted, *arguments], os.environ | variables


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:,.1f} MB"
