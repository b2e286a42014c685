"""What the newsroom's start page shows of briefings and automations."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from core.lib.dashboard import Line, Widget, register
from newsletter.models import Automation, Briefing, Delivery

SHOWN = 6
LATELY = timedelta(days=4)
State = Briefing.State


def briefings(user: Any) -> Widget:
    """What is being written, goes out, or went out lately."""
    lately = Q(state=State.SENT, sent_at__gte=timezone.now() - LATELY)
    current = Briefing.objects.filter(lately | ~Q(state__in=[State.SENT, State.CANCELLED]))
    rows = current.select_related("newsletter", "subject_test").order_by("-issue_date", "-id")[:SHOWN]
    waiting = _waiting([row for row in rows if row.state in (State.SENDING, State.PAUSED)])
    new = [("New briefing from the newest articles", reverse("admin:newsletter_briefing_compose"))]
    return Widget(
        lines=[_line(row, waiting[row.pk]) for row in rows],
        empty="No briefing is being written.",
        links=new if user.has_perm("newsletter.add_briefing") else [],
    )


def automations(user: Any) -> Widget:
    """The series that run, how many are in each, and what is wrong with them."""
    rows = list(Automation.objects.taking_in().select_related("newsletter").order_by("pk")[:SHOWN])
    held = dict(
        Briefing.every.filter(automation__in=rows, automation__state="running", state=State.PAUSED)
        .order_by("pk")
        .values_list("automation", "trouble")
    )
    return Widget(
        lines=[_automation(row, row.trouble or held.get(row.pk, "")) for row in rows], empty="No automation runs."
    )


def _automation(row: Automation, trouble: str) -> Line:
    url = reverse("admin:newsletter_automation_overview", args=[row.pk])
    tone = "bad" if trouble else "good" if row.is_running else "soon"
    note = trouble or f"{row.counts.get('waiting', 0):,} in it"
    return Line(text=str(row), url=url, label=row.get_state_display(), tone=tone, note=note)


def _waiting(briefings: list[Briefing]) -> Counter[int]:
    """How many deliveries of each are still to be made."""
    if not briefings:
        return Counter()
    open_ones = Delivery.objects.unfinished().filter(briefing__in=briefings)
    return Counter(dict(open_ones.order_by().values_list("briefing").annotate(Count("id"))))


def _line(row: Briefing, waiting: int) -> Line:
    page = "change" if row.is_editable else "report" if row.state == State.SENT else "progress"
    url, label, text = reverse(f"admin:newsletter_briefing_{page}", args=[row.pk]), row.get_state_display(), str(row)
    if row.state == State.DRAFT:
        note = row.trouble or f"{row.newsletter}, for {row.issue_date:%-d %b}"
        return Line(text=text, url=url, label=label, tone="bad" if row.trouble else "", note=note)
    if row.state == State.APPROVED:
        tone = "bad" if row.trouble else "good"
        return Line(text=text, url=url, label=label, tone=tone, note=row.trouble or "goes out", at=row.scheduled_at)
    if row.state == State.SENT:
        lost = row.failed + row.uncertain
        note = f"{row.delivered:,} delivered" + (f", {lost:,} failed or uncertain" if lost else "")
        note += f", {row.retrying:,} being tried again" if row.retrying else ""
        return Line(text=text, url=url, label=label, tone="soon" if lost else "good", note=note, at=row.sent_at)
    note = row.trouble or f"{row.candidates - waiting:,} of {row.candidates:,} done"
    if row.is_testing_subjects and not row.trouble:
        note += ", testing its subjects"
    tone = "bad" if row.trouble or row.state == State.PAUSED else "soon"
    return Line(text=text, url=url, label=label, tone=tone, note=note)


def register_all() -> None:
    """Register the widgets, each for those who have its permission."""
    register("Briefings", briefings, permission="newsletter.view_briefing", place=40)
    register("Automations", automations, permission="newsletter.view_automation", place=41)
