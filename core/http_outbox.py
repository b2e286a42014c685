"""HTTP requests that must be made: rows written with the change they tell of, made by the worker, tried again for hours."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import doorbell
from core.models import OutgoingRequest, Webhook

State = OutgoingRequest.State

LEASE = timedelta(minutes=2)
BACKOFF = [timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600)]
PATIENCE = timedelta(hours=12)
KEPT_FOR = timedelta(days=30)


def queue_call(*, event: str, body: Any, webhook: Webhook | None = None, wait: float = 0) -> OutgoingRequest:
    """Store a request in the caller's transaction, and ring the worker `wait` seconds after the commit."""
    due = timezone.now() + timedelta(seconds=wait)
    row = OutgoingRequest.objects.create(webhook=webhook, event=event, body=body, due_at=due, give_up_at=due + PATIENCE)
    task = "core.tasks.deliver_webhooks" if webhook else "core.tasks.purge_caches"
    doorbell.ring(task, after=wait)
    return row


@transaction.atomic
def claim(rows: QuerySet[OutgoingRequest], *, limit: int, now: datetime) -> list[OutgoingRequest]:
    """Take what is due for this process alone; what a process that died had taken is free once its lease is over."""
    free = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=now)
    due = rows.filter(free, state=State.QUEUED, due_at__lte=now).order_by("due_at", "pk")
    claimed = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
    for row in claimed:
        row.lease_expires_at, row.attempts = now + LEASE, row.attempts + 1
    OutgoingRequest.objects.bulk_update(claimed, ["lease_expires_at", "attempts"])
    return claimed


def succeeded(rows: Iterable[OutgoingRequest], *, status: int) -> None:
    """Write down that they were taken."""
    for row in rows:
        _record(row, state=State.SENT, settled_at=timezone.now(), status=status, error="")


def failed(rows: Iterable[OutgoingRequest], *, error: str, status: int | None = None, for_good: bool = False) -> None:
    """Write down why not; try again later, unless it was tried for long enough."""
    now = timezone.now()
    for row in rows:
        if for_good or now >= row.give_up_at:
            _record(row, state=State.FAILED, settled_at=now, status=status, error=error)
        else:
            pause = BACKOFF[min(row.attempts, len(BACKOFF)) - 1]
            _record(row, due_at=now + pause, status=status, error=error)


def _record(row: OutgoingRequest, **changes: Any) -> None:
    """Only as long as nobody else took the row over."""
    OutgoingRequest.objects.filter(pk=row.pk, state=State.QUEUED, attempts=row.attempts).update(
        lease_expires_at=None, **changes
    )


def send_again(rows: QuerySet[OutgoingRequest]) -> int:
    """Put settled requests back in the queue, with all their patience; return how many."""
    now = timezone.now()
    changes = {
        "state": State.QUEUED,
        "attempts": 0,
        "due_at": now,
        "give_up_at": now + PATIENCE,
        "settled_at": None,
        "lease_expires_at": None,
    }
    number = rows.exclude(state=State.QUEUED).update(**changes)
    for task in ("core.tasks.deliver_webhooks", "core.tasks.purge_caches"):
        doorbell.ring(task)
    return number


def delete_old(*, now: datetime | None = None) -> int:
    """Delete what was settled long ago, and what an inactive webhook never took."""
    before = (now or timezone.now()) - KEPT_FOR
    return OutgoingRequest.objects.filter(Q(settled_at__lt=before) | Q(give_up_at__lt=before)).delete()[0]
