"""Backups by the clock: when, for whom, where else, for how long; and what they are like when they come back."""

import io
import json
import tarfile
from datetime import UTC, datetime, timedelta

import psycopg
import pyrage
import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles.models import Publication
from cms.models import Backup
from cms.ops import kept_backups, rehearsal, sealing
from cms.ops.backup import BackupError, back_up, opened
from cms.ops.kept_backups import kept, make, make_when_due
from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from tests.articles import factories
from tests.processes import manage_command

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def quiet(_text):
    """Say nothing."""


@pytest.fixture
def folder(settings, tmp_path):
    settings.BACKUP_FOLDER = str(tmp_path / "backups")
    return tmp_path / "backups"


def test_one_is_made_when_it_is_due_and_while_nobody_else_is_at_it(folder):
    assert make_when_due(say=quiet)
    assert not make_when_due(say=quiet)
    (path,) = folder.iterdir()
    row = Backup.objects.get()
    assert (row.name, row.size, row.is_encrypted, row.trouble) == (path.name, path.stat().st_size, False, "")
    assert path.stat().st_mode & 0o077 == folder.stat().st_mode & 0o077 == 0
    Backup.objects.update(made_at=timezone.now() - timedelta(hours=25))
    path.unlink()  # two of one second would have one name
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(%s, 0)", [AdvisoryLock.BACKUP])
        assert not make_when_due(say=quiet)
    assert make_when_due(say=quiet)
    with advisory_locks.first_free(AdvisoryLock.BACKUP, [0]) as lock:
        assert lock == 0, "the lock was given back"


def test_one_that_fails_is_written_down_and_tried_again_an_hour_later(folder):
    folder.write_text("no folder")
    with pytest.raises(BackupError):
        make_when_due(say=quiet)
    assert "exists" in Backup.objects.get().trouble
    folder.unlink()
    assert not make_when_due(say=quiet)
    Backup.objects.update(made_at=timezone.now() - timedelta(minutes=61))
    assert make_when_due(say=quiet)


@given(st.lists(st.integers(0, 400 * 24), max_size=80))
def test_what_is_kept_is_the_newest_of_each_day_week_and_month(hours):
    moments = {NOON - timedelta(hours=each) for each in hours}
    stay = kept(moments, 7, 4, 6)
    assert stay <= moments
    assert max(moments, default=None) == max(stay, default=None)
    assert len(stay) <= 7 + 4 + 6
    days = sorted({moment.date() for moment in moments}, reverse=True)[:7]
    assert {max(moment for moment in moments if moment.date() == day) for day in days} <= stay
    assert kept(stay, 7, 4, 6) == stay, "what stays once stays while nothing new comes"


def test_what_is_kept_no_longer_goes_and_strangers_stay(folder, settings):
    settings.BACKUP_KEEP = (2, 0, 0)
    folder.mkdir()
    names = ["moonpress-20200101T000000Z.tar", "moonpress-20200102T000000Z.tar.age", "mine.tar"]
    for name in names:
        (folder / name).write_text("x")
    made = make(say=quiet)
    assert {path.name for path in folder.iterdir()} == {names[1], names[2], made.name}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A private key in a file as age-keygen writes it, and its public half."""
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path_factory.mktemp("keys") / "moonpress.key"
    path.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    return path, str(identity.to_public())


def test_for_a_public_key_only_the_private_one_opens_it(folder, settings, keys, tmp_path):
    identity, public = keys
    settings.BACKUP_RECIPIENTS = [public]
    factories.publication(slug="fees", title="What fees are")
    row = make(say=quiet)
    path = folder / row.name
    assert row.is_encrypted
    assert path.read_bytes().startswith(b"age-encryption.org/v1")
    assert b"What fees are" not in path.read_bytes()
    other = tmp_path / "other.key"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    for wrong, words in ((None, "--identity"), (other, "cannot be decrypted"), (path, "cannot be read|holds no")):
        with pytest.raises(BackupError, match=words), opened(path, wrong):
            pass
    with opened(path, identity) as tar:
        assert "database.dump" in tar.getnames()
    (plain,) = (tmp_path / "plain.tar",)
    plain.write_bytes(pyrage.decrypt(path.read_bytes(), sealing.identities(identity)))
    with tarfile.open(plain) as tar:
        assert "manifest.json" in tar.getnames()


def test_while_it_is_made_nothing_that_is_not_encrypted_has_a_name(folder, settings, keys):
    settings.BACKUP_RECIPIENTS = [keys[1]]
    seen = []
    make(say=lambda _text: seen.append({path.name[:11] for path in folder.iterdir()}))
    assert seen[0] == {".moonpress-"}, "there was a dump by then"


def test_a_key_that_is_none_is_said_before_anything_is_dumped(folder, settings):
    settings.BACKUP_RECIPIENTS = ["age1nonsense"]
    with pytest.raises(BackupError, match="no public key of age"):
        make(say=quiet)
    assert list(folder.iterdir()) == []


def test_it_comes_back_from_the_command_line_and_is_compared(folder, settings, keys):
    identity, public = keys
    settings.BACKUP_RECIPIENTS = [public]
    factories.publication(slug="fees", title="What fees are")
    row = make(say=quiet)
    name = connection.settings_dict["NAME"]
    left, strange = f"{name}_check_0a1b2c", f"{name}_check_of_ours"
    with connection.cursor() as cursor:
        for each in (left, strange):
            cursor.execute(f'CREATE DATABASE "{each}" TEMPLATE template0')
    checked = manage_command("restore", "--check", "--identity", str(identity), str(folder / row.name))
    assert checked.returncode == 0, checked.stderr
    assert "rows are what they were" in checked.stdout
    row.refresh_from_db()
    assert row.checked_at
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{name}_check_"])
        assert cursor.fetchall() == [(strange,)], "the scratch database went, and what one before had left"
        cursor.execute(f'DROP DATABASE "{strange}"')
    assert f"{left}: dropped" in checked.stdout


def altered(path, change):
    """That backup with other digests of its tables in its manifest."""
    other = path.with_name("altered.tar")
    with tarfile.open(path) as old, tarfile.open(other, "w") as new:
        for entry in old:
            data = old.extractfile(entry).read()
            if entry.name == "manifest.json":
                manifest = json.loads(data)
                change(manifest)
                data = json.dumps(manifest).encode()
                entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
    return other


def test_a_row_that_is_not_what_it_was_is_found(tmp_path):
    factories.publication(slug="fees")
    assert Publication.objects.count() == 1
    path = tmp_path / "site.tar"
    back_up(path, say=quiet)
    rehearsal.rehearse(path, identity=None, say=quiet)
    more = altered(path, lambda manifest: manifest["tables"].update(articles_publication=["2", "5"]))
    with pytest.raises(BackupError, match="articles_publication: 2 rows and 1 rows"):
        rehearsal.rehearse(more, identity=None, say=quiet)
    other = altered(path, lambda manifest: manifest["tables"].update(articles_publication=["1", "5"]))
    with pytest.raises(BackupError, match="articles_publication: other values in 1 rows"):
        rehearsal.rehearse(other, identity=None, say=quiet)
    said = []
    older = altered(path, lambda manifest: manifest.pop("tables"))
    rehearsal.rehearse(older, identity=None, say=said.append)
    assert "does not say what they were" in said[-1]


def in_bucket(s3):
    return [each["Key"] for each in s3.list_objects_v2(Bucket=s3.bucket).get("Contents", [])]


def test_it_is_copied_to_a_bucket_where_old_ones_go_too(folder, settings, s3):
    settings.BACKUP_BUCKET, settings.BACKUP_KEEP = s3.address, (1, 0, 0)
    for name in ("site/moonpress-20200101T000000Z.tar", "site/mine.tar", "moonpress-20200101T000000Z.tar"):
        s3.put_object(Bucket=s3.bucket, Key=name, Body=b"x")
    row = make(say=quiet)
    assert row.is_remote
    assert set(in_bucket(s3)) == {"moonpress-20200101T000000Z.tar", "site/mine.tar", f"site/{row.name}"}
    body = s3.get_object(Bucket=s3.bucket, Key=f"site/{row.name}")["Body"].read()
    assert body == (folder / row.name).read_bytes()


def test_a_bucket_that_refuses_leaves_the_backup_here_and_says_so(folder, settings, s3):
    settings.BACKUP_BUCKET = s3.address.replace(f"/{s3.bucket}/", "/none/")
    settings.BACKUP_KEEP = (1, 0, 0)
    folder.mkdir()
    (folder / "moonpress-20200101T000000Z.tar").write_text("x")
    with pytest.raises(BackupError, match="The bucket none refused"):
        make(say=quiet)
    row = Backup.latest()
    assert (row.is_remote, Backup.copied_at()) == (False, row.made_at)
    assert "was not copied" in Backup.objects.exclude(trouble="").get().trouble
    assert kept_backups.make_when_due(say=quiet) is False, "nothing is tried before an hour is over"
    for address in (settings.BACKUP_BUCKET, s3.address):
        settings.BACKUP_BUCKET = address
        Backup.objects.update(made_at=F("made_at") - timedelta(minutes=61))
        try:
            assert kept_backups.make_when_due(say=quiet) is False
        except BackupError:
            assert Backup.objects.exclude(trouble="").count() == 1
    assert [path.name for path in folder.iterdir()] == [row.name]
    assert f"site/{row.name}" in in_bucket(s3), "it was copied later"
    assert Backup.latest().is_remote
