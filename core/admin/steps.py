"""The next step of something with a life: one button, with what it will do and what is missing before it can be taken.

A step is taken by its name, together with a digest of what its page said it would do: when that is no longer what it would
do, nothing is done, and the page says what it would do now.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join

from core import audit
from core.lib import clock
from core.models import AuditEntry, User
from core.transitions import TransitionRefused


@dataclass(frozen=True)
class Step:
    """A step of some rows. `says` lists, for a row, what it will do; `lacks`, what it waits for."""

    name: str
    button: str
    says: Callable[[Any], Sequence[str]]
    act: Callable[..., object]
    done: str
    lacks: Callable[[Any], Sequence[str]] = lambda _row: ()
    permission: str = field(kw_only=True)
    leads_to: Callable[[Any], str] | None = None  # it is taken on a page of its own
    is_final: bool = False  # cannot be taken back: whoever takes it says that they have read what it does


@dataclass(frozen=True)
class Offer:
    """A step as a page offers it for one row."""

    step: Step
    lines: Sequence[str]
    lacks: Sequence[str]
    url: str = ""  # of the page on which it is taken

    @property
    def seen(self) -> str:
        """A digest of what the page says."""
        return sha256("\0".join([self.step.name, *self.lines]).encode()).hexdigest()[:32]


def offer(step: Step, row: Any) -> Offer:
    return Offer(step, [*step.says(row)], [*step.lacks(row)], step.leads_to(row) if step.leads_to else "")


def take(offered: Offer, row: Any, *, seen: str, is_sure: bool, by: Any) -> None:
    """Take a step as it was offered. Raises TransitionRefused."""
    if offered.lacks:
        raise TransitionRefused(" ".join(offered.lacks))
    if seen != offered.seen:
        raise TransitionRefused("Something has changed since you opened the page: read again what this will do.")
    if offered.step.is_final and not is_sure:
        raise TransitionRefused("This cannot be taken back: tick that you have read what it will do.")
    offered.step.act(row, by=by)


def offers(request: HttpRequest, row: Any, step: Step | None, others: Iterable[Step]) -> dict[str, Any]:
    """What a row's page needs to offer its steps."""
    return {
        "next": offer(step, row) if step else None,
        "may_take": step is not None and request.user.has_perm(step.permission),
        "others": [offer(each, row) for each in others],
    }


def take_posted(request: HttpRequest, row: Any, found: Iterable[Step]) -> None:
    """Take the posted step if it is one of these, and say what came of it."""
    step = next((each for each in found if each.name == request.POST.get("step")), None)
    if step is None:
        messages.error(request, f"“{row}” has moved on since you opened the page. Here is where it stands now.")
        return
    if not request.user.has_perm(step.permission):
        raise PermissionDenied
    by = request.user if isinstance(request.user, User) else None
    try:
        take(offer(step, row), row, seen=request.POST.get("seen", ""), is_sure="sure" in request.POST, by=by)
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"“{row}”: {step.done}")


def trail_of(*rows: Model) -> str:
    """What the audit log has of rows, the newest first."""
    entries = AuditEntry.objects.filter(subject_key__in=[audit.key_of(row) for row in rows]).order_by("-at", "-pk")
    lines = ((clock.in_words(each.at), each.by_name, each.action, each.subject, each.detail) for each in entries[:50])
    return format_html_join("", "<div>{}: {} {}: “{}” <small>{}</small></div>", lines) or "nothing yet"
