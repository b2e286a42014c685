"""What briefings reached: counts from deliveries and judged hits, rates with their denominators and intervals.

A message that came back, or that was reported as spam, reached nobody: neither it nor its hits count.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core.lib import clock
from newsletter.models import Briefing, BriefingItem, Delivery, Hit, MailReport, Subscription
from sponsors.audience import Rate, Send


@dataclass(frozen=True, slots=True)
class Reading:
    """How one briefing was read. Opens and clicks count deliveries (people), each once.

    `delivered` is without what came back (`returned`) and without what was reported as spam (`complaints`).
    """

    delivered: int
    returned: int = 0
    complaints: int = 0
    opened: int = 0
    opened_by_machines: int = 0
    clicked: int = 0
    rejected: int = 0

    @property
    def open_rate(self) -> Rate | None:
        """The share of delivered that a person opened; None where nothing was delivered."""
        return Rate(self.opened, self.delivered) if self.delivered else None

    @property
    def click_rate(self) -> Rate | None:
        """The share of delivered that clicked any link; None where nothing was delivered."""
        return Rate(self.clicked, self.delivered) if self.delivered else None


def readings(briefings: Iterable[Briefing]) -> dict[int, Reading]:
    """The reading of each of these briefings, by its key, in two queries."""
    briefings = list(briefings)
    hits = {row["delivery__briefing"]: row for row in _hits_of(briefings)}
    reports = {row["delivery__briefing"]: row for row in _reports_of(briefings)}
    return {briefing.pk: _reading(briefing, hits.get(briefing.pk), reports.get(briefing.pk)) for briefing in briefings}


def _reading(briefing: Briefing, hits: Any, reports: Any) -> Reading:
    returned, complaints = (reports["returned"], reports["complaints"]) if reports else (0, 0)
    delivered = max(0, briefing.delivered - returned - complaints)
    if hits is None:
        return Reading(delivered, returned, complaints)
    counts = (hits[name] for name in ("opened", "machines", "clicked", "rejected"))
    return Reading(delivered, returned, complaints, *counts)


def _hits_of(briefings: Sequence[Briefing]) -> Iterable[Any]:
    """The judged hits of each briefing on messages that were taken, and did not come back or get reported as spam."""
    valid, opened = Q(verdict="valid"), Q(kind="open")
    reported = MailReport.objects.filter(delivery=OuterRef("delivery"))
    return (
        Hit.objects.filter(~Exists(reported), delivery__state=Delivery.State.SENT, delivery__briefing__in=briefings)
        .values("delivery__briefing")
        .annotate(
            opened=Count("delivery", filter=valid & opened, distinct=True),
            machines=Count("delivery", filter=Q(verdict="machine") & opened, distinct=True),
            clicked=Count("delivery", filter=valid & ~opened, distinct=True),
            rejected=Count("id", filter=Q(verdict="rejected")),
        )
        .order_by()
    )


def _reports_of(briefings: Sequence[Briefing]) -> Iterable[Any]:
    """How many deliveries of each briefing that were sent came back, and how many others were reported as spam."""
    bounce = MailReport.objects.filter(delivery=OuterRef("delivery")).exclude(kind=MailReport.Kind.COMPLAINT)
    complaint = Q(kind=MailReport.Kind.COMPLAINT)
    return (
        MailReport.objects.filter(delivery__briefing__in=briefings, delivery__state="sent")
        .values("delivery__briefing")
        .annotate(
            returned=Count("id", filter=~complaint), complaints=Count("id", filter=complaint & ~Q(Exists(bounce)))
        )
        .order_by()
    )


class Audience:
    """The audience figures for the media kit (see sponsors.audience)."""

    def subscribers(self) -> int:
        return Subscription.objects.all().count_subscribed(of="subscriber")

    def sends(self, *, since: date) -> Sequence[Send]:
        briefings = list(
            Briefing.objects.sent()
            .filter(sent_at__gte=clock.start_of(since))
            .select_related("newsletter")
            .order_by("-sent_at")
        )
        reading = readings(briefings)
        return [
            Send(
                channel=briefing.channel,
                title=briefing.title,
                day=briefing.issue_date,
                delivered=reading[briefing.pk].delivered,
                opened=reading[briefing.pk].opened,
                clicked=reading[briefing.pk].clicked,
            )
            for briefing in briefings
        ]

    def carried(self, claims: Collection[int]) -> set[int]:
        left = _with_ads(claims).values_list("claim", "briefing", "briefing__state", "briefing__candidates")
        stopped = {briefing for _, briefing, state, _ in left if state != Briefing.State.SENT}
        accepted = Delivery.objects.filter(briefing__in=stopped, state=Delivery.State.SENT).order_by()
        got = dict(accepted.values_list("briefing").annotate(number=Count("pk")))  # asks nothing where none stopped
        return {
            claim
            for claim, briefing, state, readers in left
            if state == Briefing.State.SENT or 2 * got.get(briefing, 0) > readers
        }

    def begun(self, claims: Collection[int]) -> set[int]:
        return set(_with_ads(claims).values_list("claim", flat=True))


def _with_ads(claims: Collection[int]) -> QuerySet[BriefingItem]:
    """What some claims have in briefings of which at least one letter left."""
    return BriefingItem.objects.filter(claim__in=claims, briefing__first_sent_at__isnull=False)
