"""Keys of the API: made once, stored as a digest, good for what they name and for as long as somebody leaves them."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from rest_framework_api_key.crypto import KeyGenerator

from core import audit
from core.models import ApiKey, User

MARK = "mp_"  # by which a key that was published by mistake is found
READ, WRITE = "read", "write"
SEEN_EVERY = timedelta(minutes=1)
_generator = KeyGenerator(prefix_length=8, secret_key_length=40)
_parts: dict[str, tuple[str, tuple[str, ...]]] = {}


def register_part(name: str, label: str, *, ways: tuple[str, ...] = (READ, WRITE)) -> None:
    """Add a part for which keys can be made: register_part("articles", "Articles and pictures")."""
    _parts[name] = label, ways


def scopes() -> list[tuple[str, str]]:
    """What a key can be good for, with labels."""
    return [(f"{name}:{way}", f"{label}: {way}") for name, (label, ways) in _parts.items() for way in ways]


@transaction.atomic
def make(*, name: str, account: User, scopes: list[str], by: User, expires_at: datetime | None) -> tuple[ApiKey, str]:
    """Make a key; the row, and the key itself, which is shown to whoever made it and then forgotten."""
    key, prefix, digest = _generator.generate()
    row = ApiKey.objects.create(
        name=name, prefix=prefix, digest=digest, account=account, scopes=scopes, made_by=by, expires_at=expires_at
    )
    until = f"until {expires_at:%Y-%m-%d}" if expires_at else "without an end"
    audit.record("made an API key", row, by=by, detail=f"for {account}: {', '.join(scopes)}; {until}")
    return row, MARK + key


@transaction.atomic
def make_service(*, name: str, role: Group) -> User:
    """An account for a program, with a role. Nobody can sign in to it."""
    email = f"{get_random_string(12).lower()}@services.invalid"
    account = User.objects.create_user(email, name=name, is_service=True)
    account.groups.set([role])
    return account


@transaction.atomic
def revoke(row: ApiKey, *, by: Any) -> bool:
    """End a key at once; False if it was ended before."""
    ended = ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now())
    if ended:
        audit.record("revoked an API key", row, by=by, detail=f"for {row.account}")
    return bool(ended)


def find(key: str) -> ApiKey | None:
    """The row of a key that works, for an account that is active."""
    text = key.removeprefix(MARK)
    prefix, _, _ = text.partition(".")
    if len(prefix) != _generator.prefix_length or not text.isascii() or not text.isprintable():
        return None
    row = ApiKey.objects.select_related("account").filter(prefix=prefix, revoked_at=None).first()
    if row is None or not _generator.verify(text, row.digest) or row.standing != "works":
        return None
    return row if row.account.is_active and row.account.is_staff else None


def note_use(row: ApiKey) -> None:
    """Remember when a key was used last, to the minute."""
    now = timezone.now()
    if row.last_used_at is None or row.last_used_at < now - SEEN_EVERY:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
