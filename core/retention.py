"""What is kept no longer than it must be, and the table of the columns that tell of persons.

Each part registers its own from AppConfig.ready(): what to delete, and its columns with how long they are kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from core import http_outbox, kept_work, outbox
from core.lib import batches
from core.models import RateCount

ADMIN_LOG_KEPT_FOR = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that holds an address, a network, a browser or a name, and when it is emptied or its row deleted."""

    name: str  # of the application, the model and the field
    kept: str
    erased_by: str


def days(time: timedelta) -> str:
    """A keeping time in words."""
    return f"{time.days} days"


STAFF, ORGANISATION = "while the account exists", "as long as the site says it"
ADMIN = "whoever may change it in the admin"
_WORK = f"{days(kept_work.KEPT_FOR)} after it was typed"
_columns: list[Column] = [
    Column("core.User.email", STAFF, ADMIN),
    Column("core.User.name", STAFF, ADMIN),
    Column("account.EmailAddress.email", STAFF, "deleting the account"),
    Column("core.AuditEntry.subject", "for good: what was done to accounts", "nobody: the database refuses"),
    Column("core.AuditEntry.by_name", "for good: who of the staff did it", "nobody: the database refuses"),
    Column("core.AuditEntry.detail", "for good", "nobody: the database refuses"),
    Column("core.KeptAnswer.body", "a day after it was given", "the hourly purge"),
    Column("core.KeptWork.title", _WORK, "saving or dropping it; the hourly purge"),
    Column("core.KeptWork.content", _WORK, "saving or dropping it; the hourly purge"),
    Column("core.SiteProfile.postal_address", ORGANISATION, ADMIN),
    Column("core.SiteProfile.contact_email", ORGANISATION, ADMIN),
    Column("core.SiteProfile.sponsor_email", ORGANISATION, ADMIN),
    Column(
        "core.OutgoingMail.recipient",
        f"until it is sent; {days(outbox.FAILED_KEPT_FOR)} if given up",
        "sending; erasure",
    ),
    Column("core.OutgoingMail.message", "until it is sent or given up", "sending; erasure"),
    Column("core.OutgoingMail.subject", days(outbox.KEPT_FOR), "the hourly purge; erasure"),
    Column("core.OutgoingMail.error", days(outbox.KEPT_FOR), "addresses are left out when it is written"),
    Column("core.OutgoingRequest.error", days(http_outbox.KEPT_FOR), "the hourly purge"),
    Column("admin.LogEntry.object_repr", days(ADMIN_LOG_KEPT_FOR), "the hourly purge; erasure"),
    Column("admin.LogEntry.change_message", days(ADMIN_LOG_KEPT_FOR), "the hourly purge; erasure"),
    Column("sessions.Session.session_data", "until the session expires", "the hourly purge"),
]
_forgetters: list[Callable[[str], None]] = []
_kinds: dict[str, Callable[[], int]] = {
    "outgoing mail": outbox.delete_old,
    "outgoing requests": http_outbox.delete_old,
    "unsaved work": kept_work.delete_old,
    "rate counts": lambda: batches.delete(RateCount.objects.filter(expires_at__lt=timezone.now())),
    "sessions": lambda: batches.delete(Session.objects.filter(expire_date__lt=timezone.now())),
    "admin log": lambda: batches.delete(LogEntry.objects.filter(action_time__lt=timezone.now() - ADMIN_LOG_KEPT_FOR)),
}


def register(kind: str, purge: Callable[[], int]) -> None:
    """Have `purge` delete what is past its keeping time, every hour; it returns how many rows went."""
    _kinds[kind] = purge


def declare(columns: Sequence[Column]) -> None:
    """Put a part's columns into the table."""
    _columns.extend(columns)


def columns() -> list[Column]:
    """The table of all parts, in the order of their names."""
    return sorted(_columns, key=lambda column: column.name)


def on_erasure(forget_there: Callable[[str], None]) -> None:
    """Have a part delete what it keeps of an address whose owner is erased."""
    _forgetters.append(forget_there)


def forget(address: str) -> None:
    """Delete what the parts share about a reader who is erased: their mail, and what the admin's log calls them."""
    outbox.forget(address)
    for forget_there in _forgetters:
        forget_there(address)
    named = Q(object_repr__icontains=address) | Q(change_message__icontains=address)
    LogEntry.objects.filter(named).update(object_repr="erased", change_message="")


def purge_expired() -> dict[str, int]:
    """Delete what is past its keeping time in every part; return how many rows of each kind went.

    A kind that cannot be deleted stops no other: what went wrong is raised at the end, as one group of exceptions.
    """
    went: dict[str, int] = {}
    failures: list[Exception] = []
    for kind, purge in _kinds.items():
        try:
            went[kind] = purge()
        except Exception as error:  # noqa: BLE001 (it is raised below)
            error.add_note(f"This stopped the deletion of {kind}.")
            failures.append(error)
    if failures:
        raise ExceptionGroup("Not everything that has expired could be deleted", failures)
    return went
