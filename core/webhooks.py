"""Webhooks: events, and their deliveries, signed as https://www.standardwebhooks.com specifies, so any library can check them."""

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import http_outbox
from core.lib import outbound
from core.models import OutgoingRequest, Webhook

logger = logging.getLogger(__name__)

RUN_SECONDS = 20
TEST = "test"
EVENTS: dict[str, str] = {}


def register(name: str, label: str) -> None:
    """Add an event that a webhook can ask for: register("article.published", "an article went live")."""
    EVENTS[name] = label


def announce(event: str, data: dict[str, Any]) -> None:
    """Queue a delivery to every webhook that asked for this event, in the transaction of the change itself."""
    announce_all([(event, data)])


def announce_all(events: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Likewise, of several events at once. `events` is not run through where nobody would be told."""
    webhooks = list(Webhook.objects.filter(active=True))
    for event, data in events if webhooks else ():
        for webhook in webhooks:
            if event in webhook.events:
                deliver(webhook, event, data)


def deliver(webhook: Webhook, event: str, data: dict[str, Any]) -> None:
    """Queue one delivery."""
    body = {"type": event, "timestamp": timezone.now().isoformat(timespec="milliseconds"), "data": data}
    http_outbox.queue_request(event=event, body=body, webhook=webhook)


def send_deliveries(*, now: datetime | None = None) -> int:
    """Deliver what is due, one at a time; return how many were taken. A webhook that fails is left alone for this run."""
    taken, failing, until = 0, set[int](), time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        moment = now or timezone.now()
        rows = OutgoingRequest.objects.filter(webhook__active=True).exclude(webhook__in=failing | _busy(moment))
        claimed = rows.select_related("webhook").claim(limit=1, now=moment)
        if not claimed:
            break
        if _send(claimed[0]):
            taken += 1
        else:
            failing.add(claimed[0].webhook_id)
    return taken


def _busy(now: datetime) -> set[int]:
    """Webhooks that another process is delivering to at this moment: a slow one must not occupy every process."""
    held = OutgoingRequest.objects.filter(state=OutgoingRequest.State.QUEUED, lease_expires_at__gt=now)
    return set(held.filter(webhook__isnull=False).values_list("webhook_id", flat=True))


def _send(row: OutgoingRequest) -> bool:
    """Make one delivery; whether it was taken."""
    try:
        return _deliver(row)
    except outbound.NotReached as reason:
        row.fail(f"Not reached: {reason}")
    except Exception:
        logger.exception("Delivery %s met an error of our own", row.pk)
        row.fail("An error of our own stopped it; see the worker's log.")
    return False


def _deliver(row: OutgoingRequest) -> bool:
    webhook: Any = row.webhook
    body = json.dumps(row.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", **signature(row.key, body, webhook.secret)}
    private = settings.WEBHOOKS_TO_PRIVATE_HOSTS
    answer = outbound.request(webhook.url, body=body, headers=headers, private_hosts=private)
    if answer.is_success:
        return row.succeed(status=answer.status)
    gone = answer.status == HTTPStatus.GONE
    if gone:
        Webhook.objects.filter(pk=webhook.pk).update(active=False)
    row.fail(f"It answered {answer.status}.", for_good=gone, status=answer.status)
    return False


def signature(key: object, body: bytes, secret: str) -> dict[str, str]:
    """The headers that prove sender and time to a receiver: HMAC-SHA256 over "key.time.body"."""
    at = int(time.time())
    signed = f"{key}.{at}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
    return {
        "Webhook-Id": str(key),
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
