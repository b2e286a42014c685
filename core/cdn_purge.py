"""Purges of the cache in front of the site, by tag: Cloudflare, Fastly, or any cache that takes a PURGE request."""

import json
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from core import http_outbox
from core.lib import outbound
from core.models import OutgoingRequest

logger = logging.getLogger(__name__)

EVENT = "purge"
WAIT = 2  # seconds until our own processes have let go of the page, so that the cache does not fetch the old one again
BATCH = 500
TAGS_PER_REQUEST = 30
RUN_SECONDS = 60


def purge(*tags: str) -> None:
    """Have the cache drop every page that carries one of these tags, once the transaction has been committed."""
    if settings.CACHE_PURGE_URL and tags:
        http_outbox.queue_request(event=EVENT, body={"tags": sorted(set(tags))}, wait=WAIT)


def send_purges(*, now: datetime | None = None) -> int:
    """Pass on what is due, many purges in one request; return how many were taken."""
    taken, until = 0, time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        rows = OutgoingRequest.objects.filter(event=EVENT).claim(limit=BATCH, now=now)
        if not rows or not _send(rows):
            break
        taken += len(rows)
    return taken


def _send(rows: Sequence[OutgoingRequest]) -> bool:
    """Purge the tags of all these rows; whether the cache took every one. If not, all are tried again."""
    tags = sorted({tag for row in rows for tag in row.body["tags"]})
    held = OutgoingRequest.objects.filter(pk__in=[row.pk for row in rows], lease=rows[0].lease)
    error, status = "", None
    for start in range(0, len(tags), TAGS_PER_REQUEST):
        held.renew()
        error, status = _purge(tags[start : start + TAGS_PER_REQUEST])
        if error:
            break
    for row in rows:
        row.fail(error, status=status) if error else row.succeed(status=status)
    return not error


def _purge(tags: list[str]) -> tuple[str, int | None]:
    """Ask the cache once: what went wrong, if anything did, and the status of its answer, if there was one."""
    try:
        answer = _request(tags)
    except outbound.NotReached as reason:
        return f"Not reached: {reason}", None
    except Exception:
        logger.exception("A purge met an error of our own")
        return "An error of our own stopped it; see the worker's log.", None
    return "" if answer.is_success else f"It answered {answer.status}: {answer.text[:300]}", answer.status


def _request(tags: list[str]) -> outbound.Answer:
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
    return outbound.request(settings.CACHE_PURGE_URL, method=method, body=body, headers=headers, private_hosts=True)
