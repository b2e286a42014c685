"""What tells the visitors of a day apart: a number made of network address and browser under the day's salt.

All processes share the salt by an unlogged table, which no backup has. Once it is deleted, soon after its day, nobody can
tell again what a number was made of, or which numbers of two days are one visitor's.
"""

import secrets
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from articles.models import DaySalt

if TYPE_CHECKING:
    from articles.readership.collector import Visitor

STILL_NEEDED = timedelta(minutes=5)  # after its day, for what is still being written

_known: dict[date, bytes] = {}


def of(day: date) -> bytes:
    """The salt of a day, the same for every process; a new one for a day that has none yet."""
    if day not in _known:
        _forget_others()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO articles_daysalt (day, salt) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [day, secrets.token_bytes(32)],
            )
            cursor.execute("SELECT salt FROM articles_daysalt WHERE day = %s", [day])
            _known[day] = bytes(cursor.fetchone()[0])
    return _known[day]


def number(salt: bytes, visitor: "Visitor") -> int:
    """A visitor's number under a salt: 64 bits."""
    digest = blake2b(f"{visitor.address}\n{visitor.agent}".encode(), key=salt, digest_size=8)
    return int.from_bytes(digest.digest(), signed=True)


def forget_old(now: datetime | None = None) -> int:
    """Delete the salts of days that are over, here and in the database."""
    _forget_others(now)
    deleted, _ = DaySalt.objects.filter(day__lt=_needed_since(now)).delete()
    return deleted


def _needed_since(now: datetime | None = None) -> date:
    return ((now or timezone.now()) - STILL_NEEDED).date()


def _forget_others(now: datetime | None = None) -> None:
    for day in [day for day in _known if day < _needed_since(now)]:
        del _known[day]
