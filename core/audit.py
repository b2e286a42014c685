"""The audit log: what was done to accounts and roles, and who looked at what is not public yet."""

from typing import Any

from django.db.models import Model, QuerySet

from core.models import AuditEntry


def record(action: str, subject: Model, *, by: Any, detail: str = "") -> AuditEntry:
    """Write down for good that somebody did something to a row, such as "removed the second factor" of an account."""
    return AuditEntry.objects.create(
        action=action,
        subject=str(subject)[:254],
        subject_key=key_of(subject),
        by=by,
        by_name=str(by),
        detail=detail[:1000],
    )


def entries_about(subject: Model) -> QuerySet[AuditEntry]:
    """All that was ever written down about a row, the newest first."""
    return AuditEntry.objects.filter(subject_key=key_of(subject))


def key_of(subject: Model) -> str:
    """What a row is called in the log even once its name has changed: its model and its primary key."""
    return f"{subject._meta.label_lower} {subject.pk}"
