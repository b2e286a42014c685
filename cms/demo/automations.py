"""The demo newsroom's automations: one that readers have gone through for a while, and one that waits to be started."""

from datetime import time, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from articles.models import Publication
from core.lib.html import of_plain
from core.models import User
from newsletter.automations import figures, flow, letters, lifecycle
from newsletter.models import Automation, AutomationStep, Briefing, Delivery, Enrolment, Newsletter
from newsletter.sending import drafts
from newsletter.subscribers import enrolments

RULES = ("name", "begins", "quiet_days", "ends_when_reading", "again_after")
WORDS = ("subject", "preheader", "introduction")


def make(entry: dict[str, Any], *, approver: str, deliver: Any, read: Any) -> None:
    """Make an automation with its letters; `deliver` and `read` do with an edition what mail servers and readers do."""
    newsletter = Newsletter.objects.get(slug=entry["newsletter"])
    if newsletter.automations.filter(name=entry["name"]).exists():
        return
    rules = {name: entry[name] for name in RULES if name in entry}
    automation = Automation.objects.create(newsletter=newsletter, **rules)
    for place, given in enumerate(entry["steps"], start=1):
        _make_step(automation, place, given)
    if entry.get("entered"):
        lifecycle.start(automation, by=User.objects.get(email=approver))
        _go_through(automation, entry, deliver, read)
    figures.count(automation)


def _make_step(automation: Automation, place: int, given: dict[str, Any]) -> None:
    columns = {name: value for name, value in given.items() if name not in (*WORDS, "article")}
    if "at_time" in columns:
        columns["at_time"] = time.fromisoformat(columns["at_time"])
    step = AutomationStep.objects.create(automation=automation, ordering=place, **columns)
    if step.kind != AutomationStep.Kind.LETTER:
        return
    letter = letters.draft_of(step)
    letter.subject, letter.preheader = given["subject"], given["preheader"]
    letter.introduction = of_plain(given["introduction"])
    letter.save()
    if article := Publication.objects.filter(slug=given.get("article", "")).first():
        drafts.add_article(letter, article, ordering=10)


def _go_through(automation: Automation, entry: dict[str, Any], deliver: Any, read: Any) -> None:
    """Let the newest readers enter; most have the first letter and wait, some have the second."""
    random = Random(entry["name"])
    newest = automation.newsletter.subscriptions.mailable().select_related("subscriber").order_by("-since")
    for row in newest[: entry["entered"]]:
        enrolments.enter(automation, row.subscriber, again=False)
    for share in (1.0, 1.0, 0.6, 0.6, 0.2):
        _move(automation, share, random, deliver)
    now = timezone.now()
    for edition in Briefing.every.filter(automation=automation, candidates__gt=0):
        sent_at = now - timedelta(days=5)
        Delivery.objects.filter(briefing=edition).update(sent_at=sent_at, due_at=sent_at)
        Briefing.every.filter(pk=edition.pk).update(first_sent_at=sent_at)
        read(edition, random, entry["reading"])
    for row in Enrolment.objects.filter(automation=automation):
        row.entered_at = now - timedelta(days=random.uniform(5, 12))
        if row.state == Enrolment.State.WAITING:
            row.due_at = now + timedelta(hours=random.uniform(20, 90))
        row.save(update_fields=["entered_at", "due_at"])


def _move(automation: Automation, share: float, random: Random, deliver: Any) -> None:
    """Let the step be due at which this share of the first who entered stand, and do it."""
    rows = list(Enrolment.objects.filter(automation=automation).order_by("pk").values_list("pk", flat=True))
    first = rows[: round(share * len(rows))]
    waiting = Enrolment.objects.filter(automation=automation, state=Enrolment.State.WAITING)
    waiting.exclude(pk__in=first).update(due_at=timezone.now() + timedelta(days=1))
    waiting.filter(pk__in=first).update(due_at=timezone.now())
    for key in flow.run_due():
        deliver(Briefing.every.get(pk=key), random, failures=0)
