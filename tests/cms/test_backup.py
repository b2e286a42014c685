"""A backup holds what must not be lost, and comes back whole or not at all."""

import io
import json
import shutil
import stat
import tarfile
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from articles.models import Publication
from cms.ops.backup import BackupError, back_up, restore
from tests import database
from tests.articles import factories
from tests.processes import manage_command

KEY = "ledger_signing_key"
pytestmark = pytest.mark.django_db(transaction=True)


class Elsewhere:
    """Another, empty database and state folder to restore into."""

    def __init__(self, folder):
        self.name = f"{connection.settings_dict['NAME']}_restored"
        self.var = folder / "elsewhere"

    def run(self, *arguments):
        return manage_command(*arguments, database=self.name, MOONPRESS_VAR=str(self.var))

    def execute(self, sql):
        with psycopg.connect(**connection.get_connection_params() | {"dbname": self.name}) as other:
            return other.execute(sql)

    def query(self, sql):
        return self.execute(sql).fetchone()[0]


@pytest.fixture
def elsewhere(tmp_path):
    place = Elsewhere(tmp_path)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {place.name}")
        cursor.execute(f"CREATE DATABASE {place.name}")
    yield place
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {place.name} WITH (FORCE)")


@pytest.fixture(scope="module")
def original(django_db_setup, django_db_blocker, tmp_path_factory):
    """A backup of a site with one article, whose picture is beside it."""
    folder = tmp_path_factory.mktemp("original")
    own = (settings.VAR / KEY).read_bytes() if (settings.VAR / KEY).exists() else None
    (settings.VAR / KEY).write_text("a key")
    with django_db_blocker.unblock():
        image = factories.image()
        factories.publication(slug="fees", title="What fees are", cover={"src": image.file, "alt": "A picture"})
        done = manage_command("backup", str(folder / "site.tar"))
        shutil.copy(settings.MEDIA_ROOT / image.file, folder / "picture")
        database.put_back_what_migrations_put_in()
    (settings.VAR / KEY).write_bytes(own) if own else (settings.VAR / KEY).unlink()  # other tests sign with it
    assert done.returncode == 0, done.stderr
    return folder / "site.tar"


@pytest.fixture
def backup(original, tmp_path):
    """A copy of that backup, to do anything with."""
    return shutil.copy2(original, tmp_path / "site.tar")


def test_it_comes_back_elsewhere_as_it_was(backup, original, elsewhere):
    done = elsewhere.run("restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert elsewhere.query("SELECT title FROM articles_publication") == "What fees are"
    name = elsewhere.query("SELECT image->>'src' FROM articles_publication").removeprefix(settings.MEDIA_URL)
    assert (elsewhere.var / "media" / name).read_bytes() == original.with_name("picture").read_bytes()
    assert (elsewhere.var / KEY).read_text() == "a key"
    assert elsewhere.query("SELECT count(*) FROM cms_demomark WHERE key = 'complete'") == 1
    assert elsewhere.query("SELECT count(*) FROM articles_auditentry") == 1
    for statement in ("UPDATE articles_auditentry SET action = 'x'", "TRUNCATE articles_auditentry"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="never changed or deleted"):
            elsewhere.execute(statement)


def test_it_is_for_its_owner_alone_has_no_peppers_and_is_not_written_over(backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with tarfile.open(backup) as tar:
        assert not [name for name in tar.getnames() if "pepper" in name]
    assert not list(backup.parent.glob(".*.part"))
    with pytest.raises(BackupError, match="is there already"):
        back_up(backup, say=print)


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(BackupError, match="cannot be written: No such file"):
        back_up(tmp_path / "nowhere" / "site.tar", say=print)


def test_it_replaces_what_is_there_when_told_and_wholly_or_not_at_all(backup, elsewhere):
    assert elsewhere.run("restore", str(backup)).returncode == 0
    elsewhere.execute("INSERT INTO cms_demomark (key, loaded_at) VALUES ('later', now())")
    elsewhere.execute("CREATE SCHEMA theirs")
    elsewhere.execute("CREATE FUNCTION theirs.no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
    elsewhere.execute(
        "CREATE EVENT TRIGGER no ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION theirs.no()"
    )
    (elsewhere.var / KEY).write_text("a later key")
    done = elsewhere.run("restore", "--replace", str(backup))
    assert "psql failed" in done.stderr
    assert (elsewhere.var / KEY).read_text() == "a later key"
    assert elsewhere.query("SELECT count(*) FROM cms_demomark WHERE key = 'later'") == 1
    elsewhere.execute("DROP SCHEMA theirs CASCADE")
    assert elsewhere.run("restore", "--replace", str(backup)).returncode == 0
    assert elsewhere.query("SELECT count(*) FROM cms_demomark WHERE key = 'later'") == 0


def test_a_database_in_use_is_left_alone(backup):
    factories.publication(slug="later")
    with psycopg.connect(**connection.get_connection_params()), pytest.raises(BackupError, match="in use"):
        restore(backup, replace=True, say=print)
    assert Publication.objects.get().slug == "later"


def cut_short(path):
    """In the midst of its largest file: an end between two files is another fault, and said in other words."""
    with tarfile.open(path) as tar:
        largest = max(tar, key=lambda entry: entry.size)
    with open(path, "r+b") as file:
        file.truncate(largest.offset_data + largest.size // 2)


def without_its_end(path):
    with tarfile.open(path) as tar:
        last = list(tar)[-1]
    with open(path, "r+b") as file:
        file.truncate(last.offset)


def altered(path):
    data = bytearray(path.read_bytes())
    data[1500] ^= 1
    path.write_bytes(data)


def no_tar(path):
    path.write_text("not a tar")


def rebuilt(path, *more, **values):
    """The same backup with more in it, and other values in the manifest."""
    with tarfile.open(path) as old:
        files = {entry.name: old.extractfile(entry).read() for entry in old}
    manifest = json.loads(files.pop("manifest.json")) | values
    with tarfile.open(path, "w") as new:
        for name, data in [*files.items(), ("manifest.json", json.dumps(manifest).encode())]:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
        for entry, data in more:
            new.addfile(entry, io.BytesIO(data))


def strange_file(path):
    rebuilt(path, (tarfile.TarInfo("../outside"), b""))


def link(path):
    entry = tarfile.TarInfo("media/link")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    rebuilt(path, (entry, b""))


def newer(path):
    rebuilt(path, migrations=["articles.9999_from_the_future"])


SPOILT = {
    cut_short: "no whole backup: unexpected end",
    without_its_end: "was cut short when it was made or copied: it has no manifest",
    altered: "damaged",
    no_tar: "no whole backup",
    strange_file: "damaged: ../outside",
    link: "no backup of Moonpress",
    newer: "newer Moonpress",
    Path.unlink: "No such file",
}


def test_what_is_no_whole_backup_is_refused_before_anything_else(backup):
    for number, (spoil, words) in enumerate(SPOILT.items()):
        copy = backup.with_name(f"{number}.tar")
        shutil.copy(backup, copy)
        spoil(copy)
        with pytest.raises(BackupError, match=words):
            restore(copy, replace=False, say=print)
