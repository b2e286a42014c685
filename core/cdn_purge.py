"""Telling the cache in front of the site what to forget: Cloudflare, Fastly, or whatever takes a PURGE request."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import http_outbox
from core.lib import outbound
from core.models import OutgoingRequest

EVENT = "purge"
WAIT = 2  # seconds until every process of ours has let go of the page, so that the cache does not fetch the old one
AT_ONCE = 500
PER_CALL = 30


def purge(*tags: str) -> None:
    """Have every page that carries one of these tags forgotten once the transaction is committed."""
    if settings.CACHE_PURGE_URL and tags:
        http_outbox.queue_call(event=EVENT, body={"tags": sorted(set(tags))}, wait=WAIT)


def send_purges(*, now: datetime | None = None) -> int:
    """Pass on what is due, many purges in one request; return how many were taken."""
    taken = 0
    while rows := http_outbox.claim(
        OutgoingRequest.objects.filter(event=EVENT), limit=AT_ONCE, now=now or timezone.now()
    ):
        tags = sorted({tag for row in rows for tag in row.body["tags"]})
        try:
            for some in (tags[start : start + PER_CALL] for start in range(0, len(tags), PER_CALL)):
                answer = _tell(some)
                if not 200 <= answer.status < 300:
                    http_outbox.failed(
                        rows, error=f"It answered {answer.status}: {answer.text[:300]}", status=answer.status
                    )
                    return taken
        except outbound.NotReached as reason:
            http_outbox.failed(rows, error=f"Not reached: {reason}")
            return taken
        http_outbox.succeeded(rows, status=answer.status)
        taken += len(rows)
    return taken


def _tell(tags: list[str]) -> outbound.Answer:
    token, body, method = settings.CACHE_PURGE_TOKEN, b"", "POST"
    headers: dict[str, Any] = {"Content-Type": "application/json"}
    if settings.CACHE_PURGE_KIND == "cloudflare":
        body = json.dumps({"tags": tags}).encode()
    elif settings.CACHE_PURGE_KIND == "fastly":
        body = json.dumps({"surrogate_keys": tags}).encode()
    else:
        method, headers = "PURGE", {"Cache-Tag": ",".join(tags)}
    if token:
        name, value = (
            ("Fastly-Key", token) if settings.CACHE_PURGE_KIND == "fastly" else ("Authorization", f"Bearer {token}")
        )
        headers[name] = value
    return outbound.call(settings.CACHE_PURGE_URL, method=method, body=body, headers=headers, private_hosts=True)
