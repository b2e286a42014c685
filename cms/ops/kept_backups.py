"""Backups by the clock: one each so many hours into BACKUP_FOLDER, copied to a bucket, and kept by days, weeks and months."""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from cms.models import Backup
from cms.ops import sealing
from cms.ops.backup import BackupError, Say, back_up
from cms.ops.buckets import Bucket, BucketError
from core import advisory_locks
from core.advisory_locks import AdvisoryLock

AGAIN_AFTER = timedelta(hours=1)  # where one failed
REMEMBERED_FOR = timedelta(days=400)
FORM = "moonpress-%Y%m%dT%H%M%SZ.tar"
NAME = re.compile(r"moonpress-\d{8}T\d{6}Z\.tar(\.age)?")
UNFINISHED_AFTER = timedelta(days=1)


def make_when_due(*, say: Say) -> bool:
    """Make one if it is time, or else copy what is not in the bucket, if nobody else is at it; whether one was made."""
    if not settings.BACKUP_FOLDER or _has_just_failed() or not (_is_due() or _not_copied()):
        return False
    with advisory_locks.first_free(AdvisoryLock.BACKUP, [0]) as lock:
        if lock is None or _has_just_failed():
            return False
        if is_due := _is_due():
            make(say=say)
        else:
            _copy(say)
    return is_due


def _is_due() -> bool:
    latest = Backup.latest()
    return latest is None or timezone.now() - latest.made_at >= timedelta(hours=settings.BACKUP_HOURS)


def _has_just_failed() -> bool:
    return Backup.objects.filter(made_at__gt=timezone.now() - AGAIN_AFTER).exclude(trouble="").exists()


def _not_copied() -> list[Backup]:
    """Those in this host's folder of which BACKUP_BUCKET, where there is one, has no copy yet; the newest first."""
    if not settings.BACKUP_BUCKET:
        return []
    rows = Backup.objects.filter(trouble="", is_remote=False)
    return [row for row in rows if NAME.fullmatch(row.name) and (Path(settings.BACKUP_FOLDER) / row.name).is_file()]


def make(*, say: Say) -> Backup:
    """Make a backup in BACKUP_FOLDER, copy it to the bucket, and delete what is kept no longer.

    Raises BackupError if it failed; that is written down, too. One that could not be copied is kept, and says so.
    """
    folder, now = Path(settings.BACKUP_FOLDER), timezone.now()
    path = folder / (now.strftime(FORM) + (sealing.SUFFIX if settings.BACKUP_RECIPIENTS else ""))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        back_up(path, say=say)
    except (BackupError, OSError) as error:
        Backup.objects.create(made_at=now, trouble=str(error)[:1000])
        raise BackupError(str(error)) from error
    row = Backup(made_at=now, name=path.name, size=path.stat().st_size, sha256=_digest(path))
    row.is_encrypted = bool(settings.BACKUP_RECIPIENTS)
    row.save()
    try:
        _copy(say)
    finally:  # a bucket that refuses for weeks fills no disk
        _drop_old(folder, now, say)
        Backup.objects.filter(made_at__lt=now - REMEMBERED_FOR).delete()
    row.refresh_from_db()
    return row


def _copy(say: Say) -> None:
    """Copy what is not in the bucket. Raises BackupError where it refuses; that is written down, once for each backup."""
    for row in _not_copied():
        try:
            Bucket(settings.BACKUP_BUCKET).upload(Path(settings.BACKUP_FOLDER) / row.name)
        except (BucketError, OSError) as error:
            trouble = f"{row.name} is here but was not copied: "
            Backup.objects.filter(trouble__startswith=trouble).delete()
            Backup.objects.create(trouble=f"{trouble}{error}"[:1000])
            raise BackupError(str(error)) from error
        row.is_remote = True
        row.save(update_fields=["is_remote"])
        say(f"{row.name}: copied to {Bucket(settings.BACKUP_BUCKET).name}")


def _drop_old(folder: Path, now: datetime, say: Say) -> None:
    for left in folder.glob(".moonpress-*.part"):
        if now.timestamp() - left.stat().st_mtime > UNFINISHED_AFTER.total_seconds():
            left.unlink(missing_ok=True)
    _drop([path.name for path in folder.iterdir()], lambda name: (folder / name).unlink(missing_ok=True), say)
    if settings.BACKUP_BUCKET:
        bucket = Bucket(settings.BACKUP_BUCKET)
        try:
            _drop(bucket.names(), bucket.delete, say)
        except BucketError as error:  # a bucket may well refuse to delete
            say(f"nothing was deleted from the bucket: {error}")


def _drop(names: Iterable[str], delete: Callable[[str], None], say: Say) -> None:
    ours = {name: _moment(name) for name in names if NAME.fullmatch(name)}
    stay = kept(ours.values(), *settings.BACKUP_KEEP)
    for name in sorted(name for name, moment in ours.items() if moment not in stay):
        delete(name)
        say(f"{name}: deleted")


def _moment(name: str) -> datetime:
    return datetime.strptime(name.removesuffix(sealing.SUFFIX), FORM).replace(tzinfo=UTC)


def kept(moments: Iterable[datetime], days: int, weeks: int, months: int) -> set[datetime]:
    """Which backups stay: the newest of each of so many days, weeks and months that have one, and the newest of all."""
    newest_first = sorted(moments, reverse=True)
    stay = set(newest_first[:1])
    for form, number in (("%Y-%m-%d", days), ("%G-%V", weeks), ("%Y-%m", months)):
        first_of: dict[str, datetime] = {}
        for moment in newest_first:
            first_of.setdefault(moment.strftime(form), moment)
        stay |= set(list(first_of.values())[:number])
    return stay


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
