"""Short signed tokens for links: a few integers, an optional expiry and a truncated HMAC.

A token is base64url(payload ‖ mac): the payload is a run of LEB128 integers, the expiry first (0: never), the mac the
first 12 bytes of HMAC-SHA256 under a key derived from SECRET_KEY and the purpose. 96 bits cannot be guessed online, and
a token for one subscriber stays at about 22 characters, so that links fit on one line of a mail.
"""

import hmac
import time
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, partial
from hashlib import sha256

from django.conf import settings

MAC_BYTES = 12
_SAFE_IN_URLS = bytes.maketrans(b"+/", b"-_")


class BadToken(ValueError):
    """The token is malformed or was not made here for this purpose."""


class ExpiredToken(BadToken):
    """The token is genuine but past its time; `values` holds what it carried."""

    def __init__(self, values: tuple[int, ...]):
        super().__init__("This link has expired.")
        self.values = values


def make_token(purpose: str, *values: int, expires_in: timedelta | None = None) -> str:
    """Sign non-negative integers for one purpose; the result is safe in a URL."""
    expiry = int(time.time() + expires_in.total_seconds()) if expires_in else 0
    return _signer(settings.SECRET_KEY, purpose).token(expiry, *values).decode()


def signer(purpose: str) -> Callable[..., bytes]:
    """What makes tokens that do not expire from whole numbers, for one purpose and many readers."""
    return partial(_signer(settings.SECRET_KEY, purpose).token, 0)


def read_token(purpose: str, token: str) -> tuple[int, ...]:
    """Return what a token carries. Raises BadToken, or ExpiredToken when only its time is past."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError:
        raise BadToken("This link is not complete.") from None
    payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    canonical = _as_text(raw) == token.encode()
    if not payload or not canonical or not any(_signs(secret, purpose, payload, mac) for secret in _secrets()):
        raise BadToken("This link is not one of ours.")
    expiry, *values = _integers(payload)
    if expiry and expiry < time.time():
        raise ExpiredToken(tuple(values))
    return tuple(values)


def _secrets() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _signs(secret: str, purpose: str, payload: bytes, mac: bytes) -> bool:
    return hmac.compare_digest(_signer(secret, purpose).mac(payload), mac)


class _Signer:
    """Signs with one key, whose part of the work is done once: HMAC begins with the same two states (RFC 2104, 4)."""

    __slots__ = ("_begun", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(sha256().block_size, b"\0")
        self._begun = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def token(self, expiry: int, *values: int) -> bytes:
        """A token that carries these values until then, in seconds since 1970; 0: for ever."""
        payload = _varint(expiry) + b"".join(map(_varint, values))
        return _as_text(payload + self.mac(payload))

    def mac(self, payload: bytes) -> bytes:
        """The first bytes of HMAC-SHA256."""
        inner, outer = self._begun.copy(), self._outer.copy()
        inner.update(payload)
        outer.update(inner.digest())
        return outer.digest()[:MAC_BYTES]


@lru_cache(maxsize=256)
def _signer(secret: str, purpose: str) -> _Signer:
    return _Signer(_key(secret, purpose))


def _key(secret: str, purpose: str) -> bytes:
    return hmac.digest(sha256(b"moonpress.token").digest() + secret.encode(), purpose.encode(), "sha256")


def _as_text(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_SAFE_IN_URLS)


@lru_cache(maxsize=1024)  # a letter's tokens name the same few things
def _varint(value: int) -> bytes:
    if value < 0:
        raise ValueError("A token carries non-negative integers only.")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integers(payload: bytes) -> list[int]:
    values, value, shift = [], 0, 0
    for byte in payload:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value = shift = 0
    return values
