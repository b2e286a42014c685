"""What stands for an address where the address itself must not be kept: a digest under a key outside the database.

Whoever holds only the database can neither read an address from it nor test a list of addresses against it. Where several
hosts share the database they share the key (CONSENT_KEY).
"""

import hmac
import secrets
from base64 import b64decode
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from core.lib.secret_files import write_once

KEY_BYTES = 32


def digest_of(canonical: str) -> str:
    """The digest of a canonical address."""
    return keyed(sha256(canonical.encode()).hexdigest())


def keyed(plain: str) -> str:
    """The digest under our key for the plain SHA-256 of an address, which is what older rows held."""
    return hmac.digest(_key(settings.CONSENT_KEY, settings.VAR), plain.encode(), "sha256").hex()


@lru_cache(maxsize=8)
def _key(configured: str, folder: Path) -> bytes:
    """The key; made on first use where none is configured."""
    if configured:
        return b64decode(configured)
    path = Path(folder) / "consent_key"
    write_once(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()
