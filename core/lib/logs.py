"""Lines of the log: what none keeps (links by which whoever reads it could act in somebody's place), and lines as JSON.

As JSON, a line says in which request or task it was written and for whom by number, and holds no address of anybody.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from celery import current_task
from django.http import HttpRequest

from core.lib.text import without_addresses

CUT = "…"
# A segment of a path that is as long as a signed token, and has a capital letter, as no slug of ours has.
_TOKEN = re.compile(r"(?<=/)(?=[-\w]*[A-Z])[-\w]{16,}")
# Of IPv4, alone or within one of IPv6, and of IPv6; a port, a colon or the end of a sentence may come after it.
_NETWORK = re.compile(
    r"(?<![\w.])(?:(?<!:)(?:[0-9a-fA-F]{0,4}:){2,6})?\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)"
    r"|(?<![\w.:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:]|\.\d)"
)
_OF_THIS_MACHINE = re.compile(r"127\.|::1:?$|0\.0\.0\.0$|::$")
# A time of day, or how long something took, looks like an address of IPv6
_TIME = re.compile(r"\d{1,2}:\d\d:\d\d:?$")
# Where PostgreSQL refuses a row, it says which: the values of its key, or all of it
_ROW = re.compile(r"DETAIL: .*?(?=\n\n(?:The above exception|During handling)|\Z)", re.DOTALL)

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@contextmanager
def during(request: HttpRequest) -> Iterator[None]:
    """Lines of this block are of this request, which has an `id`."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


class WithoutLinks(logging.Filter):
    """Cut the tokens out of the addresses that a log line names."""

    def filter(self, record: logging.LogRecord) -> bool:
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        token = match.kwargs.get("token") if match else None
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(each, token) if isinstance(each, str) else each for each in record.args)
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message; request, route, user, task and error where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_persons(record.getMessage()),
            **_where(record),
        }
        if record.exc_info:
            line["error"] = without_persons(without_links(self.formatException(record.exc_info)))
        return json.dumps(line, ensure_ascii=False)


def without_persons(text: str) -> str:
    """A text without addresses of mail and networks (but this machine's own), and without rows that PostgreSQL refused."""
    return _NETWORK.sub(_unless_here, without_addresses(_ROW.sub(f"DETAIL: {CUT}", text)))


def without_links(text: str) -> str:
    """A text without the tokens of links."""
    return _TOKEN.sub(CUT, text)


def _unless_here(found: re.Match[str]) -> str:
    keep = _OF_THIS_MACHINE.match(found[0]) or _TIME.match(found[0])
    return found[0] if keep else CUT


def _where(record: logging.LogRecord) -> dict[str, Any]:
    """In which request or task this is, by numbers that tell nothing of a person."""
    where: dict[str, Any] = {}
    if request := getattr(record, "request", None) or _request.get():
        where["request"] = getattr(request, "id", "")
        if match := getattr(request, "resolver_match", None):
            where["route"] = match.route
        user = getattr(request, "_cached_user", None)  # asking for it here would ask the database
        if user and user.pk:
            where["user"] = user.pk
    if current_task and current_task.name:
        where["task"] = current_task.name
        where["task_id"] = current_task.request.id
    return where


def _cut(text: str, token: object) -> str:
    return without_links(text.replace(token, CUT) if isinstance(token, str) and token else text)
