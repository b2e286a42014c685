"""How many stand where in an automation, and what became of its letters. Counted in the background, and shown as counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils import timezone

from newsletter.models import Automation, AutomationStep, Briefing, BriefingHour, Enrolment

OLD = timedelta(minutes=10)
State = Enrolment.State


def are_old(automation: Automation) -> bool:
    """Whether somebody may have left since they were counted."""
    return automation.counted_at is None or timezone.now() - automation.counted_at > OLD


def count(automation: Automation) -> None:
    """Count where everybody stands, and keep it."""
    rows = Enrolment.objects.filter(automation=automation).order_by()
    waiting = rows.filter(state=State.WAITING).values_list("step").annotate(Count("pk"), Min("due_at"))
    out = rows.exclude(state=State.WAITING).exclude(reason=Enrolment.Reason.BEFORE)  # who never entered
    ended = list(out.values_list("state", "reason").annotate(Count("pk")))
    steps = {str(step): {"waiting": number, "next": next_.isoformat()} for step, number, next_ in waiting}
    counts = {
        "steps": steps,
        "waiting": sum(found["waiting"] for found in steps.values()),
        "finished": sum(number for state, _, number in ended if state == State.FINISHED),
        "left": {reason: number for state, reason, number in ended if state == State.LEFT},
    }
    now = timezone.now()
    Automation.objects.filter(pk=automation.pk).update(counts=counts, counted_at=now)
    automation.counts, automation.counted_at = counts, now


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter's draft, its newest edition, and what became of all editions together."""

    draft: Briefing | None = None
    edition: Briefing | None = None
    trouble: str = ""
    queued: int = 0
    delivered: int = 0
    failed: int = 0
    opened: int = 0
    clicked: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A step as the page draws it."""

    step: AutomationStep
    waiting: int = 0
    next_at: str = ""
    letter: Letter | None = None

    @property
    def number(self) -> int:
        return self.step.ordering


@dataclass(frozen=True, slots=True)
class Overview:
    """An automation as its page shows it; `left`: how many left, by the reason in words."""

    places: list[Place] = field(default_factory=list)
    waiting: int = 0
    finished: int = 0
    left: list[tuple[str, int]] = field(default_factory=list)

    @property
    def left_at_all(self) -> int:
        return sum(number for _, number in self.left)

    @property
    def entered(self) -> int:
        return self.waiting + self.finished + self.left_at_all


def overview(automation: Automation) -> Overview:
    """What there is to show of an automation, in a few queries however many are in it."""
    counts: Mapping[str, Any] = automation.counts
    found, steps = _letters(automation), counts.get("steps", {})
    rows = automation.steps.select_related("segment", "target").order_by("ordering", "pk")
    places = [
        Place(
            step,
            steps.get(str(step.pk), {}).get("waiting", 0),
            steps.get(str(step.pk), {}).get("next", ""),
            found.get(step.pk, Letter()) if step.kind == AutomationStep.Kind.LETTER else None,
        )
        for step in rows
    ]
    reasons = dict(Enrolment.Reason.choices)
    left = [(str(reasons.get(reason, reason)), number) for reason, number in counts.get("left", {}).items()]
    return Overview(places, counts.get("waiting", 0), counts.get("finished", 0), sorted(left, key=lambda row: -row[1]))


def _letters(automation: Automation) -> dict[int, Letter]:
    """The letters by their step."""
    rows = list(Briefing.every.filter(automation=automation).order_by("pk"))
    hours = BriefingHour.objects.filter(briefing__automation=automation).order_by().values("briefing__step")
    sums = {
        row["briefing__step"]: row
        for row in hours.annotate(all_opened=Sum("opened"), all_clicked=Sum("clicked"), all_left=Sum("left"))
    }
    found: dict[int, Letter] = {}
    for step in {row.step_id for row in rows if row.step_id}:
        own = [row for row in rows if row.step_id == step]
        editions = [row for row in own if row.state != Briefing.State.DRAFT]
        firsts = [row for row in editions if not row.round]
        read: Any = sums.get(step, {})
        found[step] = Letter(
            draft=next((row for row in own if row.state == Briefing.State.DRAFT), None),
            edition=firsts[-1] if firsts else None,
            trouble=next((row.trouble for row in reversed(editions) if row.trouble), ""),
            queued=sum(row.candidates for row in editions),
            delivered=sum(row.delivered for row in editions),
            failed=sum(row.failed + row.uncertain for row in editions),
            opened=read.get("all_opened") or 0,
            clicked=read.get("all_clicked") or 0,
            left=read.get("all_left") or 0,
        )
    return found
