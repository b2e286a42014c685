"""The mailbox of bounces, read over IMAP (RFC 3501): each message is deleted once what it says is committed.

One that cannot be taken is flagged, stays for staff to look at, and stops no other.
"""

import imaplib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib import tls
from newsletter import bounces

logger = logging.getLogger(__name__)

REPLY_SECONDS = 20.0  # how long to wait for each reply; BOUNCE_IMAP_URL may say ?timeout=…
SECONDS = 40.0  # beat rings again after a minute
LARGEST = 1_000_000  # bytes: a report stands at the beginning, and may bring a large message along
NEW = "UNDELETED UNFLAGGED"


class MailboxTrouble(Exception):
    """The mailbox cannot be read; the text says why."""


def read() -> int:
    """Take what is in the mailbox for some seconds, unless another process does; return how many messages were taken."""
    if not settings.BOUNCE_IMAP_URL:
        return 0
    with advisory_locks.first_free(AdvisoryLock.BOUNCES, [0]) as lock:
        if lock is None:
            return 0
        with _opened(settings.BOUNCE_IMAP_URL) as mailbox:
            return sum(_take(mailbox, uid) for uid in _new(mailbox, until=time.monotonic() + SECONDS))


@contextmanager
def _opened(url: str) -> Iterator[imaplib.IMAP4]:
    """A session in the folder that the address names, in which every wait ends."""
    parts = urlsplit(url)
    host, folder = parts.hostname or "", unquote(parts.path.strip("/")) or "INBOX"
    patience = float(parse_qs(parts.query).get("timeout", [REPLY_SECONDS])[0])
    try:
        if parts.scheme == "imaps":
            port = parts.port or 993
            session: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=tls.trusted(), timeout=patience)
        else:
            session = imaplib.IMAP4(host, parts.port or 143, timeout=patience)
        with session:
            session.login(unquote(parts.username or ""), unquote(parts.password or ""))
            quoted = folder.replace("\\", "\\\\").replace('"', '\\"')
            _checked(session.select(f'"{quoted}"'), f"open {folder}")
            yield session
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxTrouble(f"The bounce mailbox at {host} cannot be read: {error}") from error


def _new(mailbox: imaplib.IMAP4, *, until: float) -> Iterator[str]:
    """The messages nobody has looked at, for as long as there is time."""
    (found, *_) = _checked(mailbox.uid("SEARCH", NEW), "search")
    for uid in (found or b"").split():
        if time.monotonic() > until:
            return
        yield uid.decode()


def _take(mailbox: imaplib.IMAP4, uid: str) -> bool:
    """Take one message, and then delete it."""
    answer = _checked(mailbox.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)"), "fetch")
    message = next((part[1] for part in answer if isinstance(part, tuple)), None)
    if message is None:
        return False  # somebody else has deleted it
    try:
        bounces.take(message)
    except (OperationalError, InterfaceError):
        raise  # the database is away: everything stays for later
    except Exception:
        logger.exception("Message %s of the bounce mailbox could not be taken", uid)
        _checked(mailbox.uid("STORE", uid, "+FLAGS.SILENT", r"(\Flagged)"), "flag")
        return False
    _checked(mailbox.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), "delete")
    _expunge(mailbox, uid)
    return True


def _expunge(mailbox: imaplib.IMAP4, uid: str) -> None:
    """Remove this message alone where the server can (RFC 4315); else it stays, marked as deleted."""
    if "UIDPLUS" in mailbox.capabilities:
        _checked(mailbox.uid("EXPUNGE", uid), "expunge")


def _checked(answer: tuple[str, list], what: str) -> list:
    kind, data = answer
    if kind != "OK":
        words = b" ".join(part for part in data if isinstance(part, bytes)).decode(errors="replace")
        raise MailboxTrouble(f"The bounce mailbox does not {what}: {words}")
    return data
