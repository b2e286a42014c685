"""Briefings on the newsroom's calendar: drafts on the day they are for, the others at the time of their sending."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from core.lib.calendar import MOST, Entry, Source, Span, register
from newsletter.models import Briefing
from newsletter.sending import rescheduling

State = Briefing.State
FIXED = {
    State.SENDING: "It is being sent.",
    State.PAUSED: "It is paused: go on with it or cancel it on its page.",
    State.SENT: "It was sent.",
}


class Briefings(Source):
    name, label, plural = "briefings", "Briefing", "Briefings"
    permissions = ("newsletter.view_briefing",)

    def between(self, user: Any, span: Span) -> Iterator[Entry]:
        timed = Q(scheduled_at__gte=span.start, scheduled_at__lt=span.end)
        by_day = Q(scheduled_at=None, issue_date__gte=span.first, issue_date__lte=span.last)
        rows = Briefing.objects.filter(timed | by_day).exclude(state=State.CANCELLED).select_related("newsletter")
        for row in rows.order_by("issue_date", "pk")[:MOST]:
            yield self._entry(user, row)

    def find(self, user: Any, key: str) -> Entry | None:
        if not user.has_perm("newsletter.view_briefing") or not key.isdecimal():
            return None
        rows = Briefing.objects.exclude(state=State.CANCELLED).select_related("newsletter")
        row = rows.filter(pk=key[:18]).first()
        return self._entry(user, row) if row else None

    def move(self, user: Any, key: str, *, seen: str, to: Any) -> None:
        row = Briefing.objects.get(pk=key)
        if isinstance(to, datetime):
            rescheduling.send_at(row, at=to, expected=datetime.fromisoformat(seen), by=user)
        else:
            rescheduling.set_day(row, day=to, expected=date.fromisoformat(seen), by=user)

    def _entry(self, user: Any, row: Briefing) -> Entry:
        state = State(row.state)
        page = "change" if row.is_editable else "progress"
        return Entry(
            key=str(row.pk),
            title=str(row),
            url=reverse(f"admin:newsletter_briefing_{page}", args=[row.pk]),
            state=row.get_state_display(),
            when=row.scheduled_at or row.issue_date,
            fixed=FIXED.get(state) or _refusal(user, state),
        )


def _refusal(user: Any, state: State) -> str:
    if state == State.DRAFT:
        return "" if user.has_perm("newsletter.change_briefing") else "Those who write briefings move it."
    return "" if user.has_perm("newsletter.approve_briefing") else "Those who approve briefings move it."


def register_all() -> None:
    """Put briefings on the calendar."""
    register(Briefings(), place=20)
