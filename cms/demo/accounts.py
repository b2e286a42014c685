"""The demo newsroom's staff: one account for each role, all with one password."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group
from django.db import transaction

from core.models import User


def password_file() -> Path:
    """The file that holds the accounts' password, for bin/serve to print."""
    return Path(settings.VAR) / "demo_password"


def wanted_password() -> str:
    """DEMO_PASSWORD, else the one that was made up before, else a new one. Nothing is written yet."""
    return settings.DEMO_PASSWORD or _kept_password() or secrets.token_urlsafe(9)


def make_account(entry: dict[str, Any], encoded_password: str) -> None:
    """Make one account with its role, unless the address is taken."""
    user, made = User.objects.get_or_create(
        email=entry["email"], defaults={"name": entry["name"], "password": encoded_password}
    )
    if made:
        user.groups.add(Group.objects.get_or_create(name=entry["role"])[0])


def set_password(emails: list[str]) -> str:
    """The encoded password for new accounts. If DEMO_PASSWORD has changed, accounts that still have the old one follow."""
    password, kept = wanted_password(), _kept_password()
    encoded = make_password(password)
    with transaction.atomic():
        if kept and kept != password:
            for user in User.objects.filter(email__in=emails):
                if check_password(kept, user.password):
                    user.password = encoded
                    user.save(update_fields=["password"])
    _keep_password(password)
    return encoded


def has_wanted_password() -> bool:
    """Whether the accounts have the wanted password already, so that nothing has to be hashed."""
    return bool(kept := _kept_password()) and settings.DEMO_PASSWORD in ("", kept)


def _kept_password() -> str:
    try:
        return password_file().read_text().strip()
    except FileNotFoundError:
        return ""


def _keep_password(password: str) -> None:
    path = password_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(password + "\n")
