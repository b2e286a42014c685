"""Telling others what happened: signed as https://www.standardwebhooks.com says, so receivers can check with a library."""

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import http_outbox
from core.lib import outbound
from core.models import OutgoingRequest, Webhook

RUN_SECONDS = 20
TEST = "test"
EVENTS: dict[str, str] = {}


def register_event(name: str, label: str) -> None:
    """Let a part of the newsroom say what it announces: register_event("article.published", "an article went live")."""
    EVENTS[name] = label


def announce(event: str, data: dict[str, Any]) -> None:
    """Queue a delivery to every webhook that asked for this event; call it in the transaction that changes something."""
    for webhook in Webhook.objects.filter(active=True, events__contains=[event]):
        deliver(webhook, event, data)


def deliver(webhook: Webhook, event: str, data: dict[str, Any]) -> None:
    """Queue one delivery."""
    body = {"type": event, "timestamp": timezone.now().isoformat(timespec="milliseconds"), "data": data}
    http_outbox.queue_call(event=event, body=body, webhook=webhook)


def send_deliveries(*, now: datetime | None = None) -> int:
    """Deliver what is due, one at a time; return how many were taken. Who did not take one is left alone for this run."""
    taken, silent, until = 0, set[int](), time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        moment = now or timezone.now()
        rows = OutgoingRequest.objects.filter(webhook__active=True).exclude(webhook__in=silent | _busy(moment))
        claimed = http_outbox.claim(rows.select_related("webhook"), limit=1, now=moment)
        if not claimed:
            break
        if _send(claimed[0]):
            taken += 1
        else:
            silent.add(claimed[0].webhook_id or 0)
    return taken


def _busy(now: datetime) -> set[int]:
    """Webhooks to which another process is delivering at this moment: a slow one must not take up every process."""
    underway = OutgoingRequest.objects.filter(
        state=OutgoingRequest.State.QUEUED, webhook__isnull=False, lease_expires_at__gt=now
    )
    return set(underway.values_list("webhook_id", flat=True))


def _send(row: OutgoingRequest) -> bool:
    webhook: Any = row.webhook
    body = json.dumps(row.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", **signature(row.key, body, webhook.secret)}
    try:
        private = settings.WEBHOOKS_TO_PRIVATE_HOSTS
        answer = outbound.call(webhook.url, body=body, headers=headers, private_hosts=private)
    except outbound.NotReached as reason:
        http_outbox.failed([row], error=f"Not reached: {reason}")
        return False
    if 200 <= answer.status < 300:
        http_outbox.succeeded([row], status=answer.status)
        return True
    gone = answer.status == 410
    if gone:
        Webhook.objects.filter(pk=webhook.pk).update(active=False)
    http_outbox.failed([row], error=f"It answered {answer.status}.", status=answer.status, for_good=gone)
    return False


def signature(key: object, body: bytes, secret: str, *, at: int | None = None) -> dict[str, str]:
    """The headers by which a receiver knows that it was us, and when: HMAC-SHA256 over "key.time.body"."""
    at = at or int(time.time())
    signed = f"{key}.{at}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
    return {
        "Webhook-Id": str(key),
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
