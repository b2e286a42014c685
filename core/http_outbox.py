"""HTTP requests that must be made: queued with the change they tell of, claimed by the worker, tried again for hours."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from core import doorbell
from core.lib import batches
from core.models import OutgoingRequest, Webhook

KEPT_FOR = timedelta(days=30)
WEBHOOKS_TASK, PURGES_TASK = "core.tasks.deliver_webhooks", "core.tasks.purge_caches"


def queue_request(*, event: str, body: Any, webhook: Webhook | None = None, wait: float = 0) -> OutgoingRequest:
    """Store a request in the caller's transaction, to be made `wait` seconds later."""
    due = timezone.now() + timedelta(seconds=wait)
    row = OutgoingRequest.objects.create(webhook=webhook, event=event, body=body, due_at=due)
    doorbell.ring(WEBHOOKS_TASK if webhook else PURGES_TASK, after=wait)
    return row


def send_again(rows: QuerySet[OutgoingRequest]) -> int:
    """Queue requests that were settled once more; return how many."""
    number = rows.send_again()  # type: ignore[attr-defined]
    doorbell.ring(WEBHOOKS_TASK)
    doorbell.ring(PURGES_TASK)
    return int(number)


def delete_old(*, now: datetime | None = None) -> int:
    """Delete what was settled long ago, and what an inactive webhook never took."""
    before = (now or timezone.now()) - KEPT_FOR
    return batches.delete(OutgoingRequest.objects.filter(Q(settled_at__lt=before) | Q(give_up_at__lt=before)))
