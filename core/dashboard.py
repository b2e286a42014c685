"""The start page's widgets for outgoing mail, webhooks and purges that failed."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone

from core import outbox
from core.lib.dashboard import Line, Widget, register
from core.models import OutgoingMail, OutgoingRequest

SHOWN = 5
LATELY = timedelta(days=7)
LATE = timedelta(minutes=2)  # the worker is rung at once, and by beat every few seconds
State = OutgoingMail.State


def mail(user: Any) -> Widget:
    """Mail of somebody's own part that failed lately, and whether the worker keeps up with what is due."""
    now = timezone.now()
    failed = outbox.seen_by(user).filter(state=State.FAILED, created_at__gte=now - LATELY).defer("message")
    lines = [
        Line(
            text=f"{row.subject} → {row.recipient}",
            url=reverse("admin:core_outgoingmail_change", args=[row.pk]),
            label="failed",
            tone="bad",
            note=row.error[:120],
            at=row.created_at,
        )
        for row in failed.order_by("-created_at")[:SHOWN]
    ]
    overdue = OutgoingMail.objects.claimable(now - LATE)
    late = overdue.aggregate(many=Count("pk"), oldest=Min("due_at"))
    if late["many"]:
        minutes = int((now - late["oldest"]).total_seconds() // 60)
        waiting = "1 message is" if late["many"] == 1 else f"{late['many']:,} messages are"
        text = f"{waiting} overdue, the oldest by {minutes} min"
        note = "The worker is not keeping up, or is not running: tell the administrator."
        queued = f"{reverse('admin:core_outgoingmail_changelist')}?state__exact={State.QUEUED}"
        lines.insert(0, Line(text=text, url=queued, label="waiting", tone="bad", note=note))
    return Widget(lines=lines, empty="Nothing failed in the last seven days, and nothing is overdue.")


def others(_user: Any) -> Widget | None:
    """Webhooks and purges that were given up lately; no widget where all is well."""
    failed = OutgoingRequest.objects.filter(state=OutgoingRequest.State.FAILED, created_at__gte=timezone.now() - LATELY)
    lines = [
        Line(
            text=str(row),
            url=reverse("admin:core_outgoingrequest_change", args=[row.pk]),
            label="given up",
            tone="bad",
            note=row.error[:120],
            at=row.created_at,
        )
        for row in failed.select_related("webhook").order_by("-created_at", "-pk")[:SHOWN]
    ]
    return Widget(lines=lines) if lines else None


def register_all() -> None:
    """Register the widgets, each for those who have its permission."""
    register("Mail", mail, permission="core.view_outgoingmail", place=70)
    register("Not told", others, permission="core.view_outgoingrequest", place=75)
