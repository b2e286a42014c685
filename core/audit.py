"""The audit log: changes to accounts and roles, the steps of a vote, and looks at results before their release."""

from typing import Any

from django.db.models import Model, QuerySet

from core.models import AuditEntry, User

OF_ITSELF = "Moonpress"  # did what nobody's hand did: the clock's work


def record(action: str, subject: Model, *, by: Any, detail: str = "") -> AuditEntry:
    """Log an action on a row for good, such as "removed the second factor" on an account.

    `by` is a user, the name of whatever else did it, or None if it happened of itself.
    """
    return AuditEntry.objects.create(
        action=action,
        subject=str(subject)[:254],
        subject_key=key_of(subject),
        by=by if isinstance(by, User) else None,
        by_name=str(by or OF_ITSELF)[:254],
        detail=detail[:1000],
    )


def entries_about(subject: Model) -> QuerySet[AuditEntry]:
    """The entries about a row, newest first."""
    return AuditEntry.objects.filter(subject_key=key_of(subject))


def key_of(subject: Model) -> str:
    """Identifies a row in the log even after it is renamed: its model and primary key."""
    return f"{subject._meta.label_lower} {subject.pk}"
