"""How long ads were really on our pages: looked at every few minutes, whatever was approved."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db.models import F, Min
from django.utils import timezone

from core.lib import clock
from sponsors.channels import ON_PAGES
from sponsors.models import AirTime
from sponsors.placements import placements_on

GAP = timedelta(minutes=15)  # a longer one is time of which nobody knows what was shown
ENOUGH = 0.5  # of its day, as of a briefing's readers


def note(now: datetime | None = None) -> int:
    """Write down which booked ads are on our pages at this moment; return how many."""
    now = now or timezone.now()
    shown = {ad.claim_id for channel in ON_PAGES for ad in placements_on(channel, now.date()) if ad.claim_id}
    AirTime.objects.bulk_create(
        [AirTime(claim_id=claim, first_at=now, last_at=now) for claim in shown], ignore_conflicts=True
    )
    for row in AirTime.objects.filter(claim__in=shown, last_at__lt=now):
        passed = now - row.last_at
        seconds = int(passed.total_seconds()) if passed <= GAP else 0
        AirTime.objects.filter(pk=row.pk, last_at=row.last_at).update(last_at=now, seconds=F("seconds") + seconds)
    return len(shown)


def seen(claims: Collection[int]) -> dict[int, AirTime]:
    """What was seen of some claims."""
    return {row.claim_id: row for row in AirTime.objects.filter(claim__in=claims)}


def since() -> datetime | None:
    """From when on this is written down; days before have to be judged without it."""
    first: datetime | None = AirTime.objects.aggregate(first=Min("first_at"))["first"]
    return first


def missing(row: AirTime | None, day: date, *, since: datetime | None) -> str:
    """What is missing of an ad's day, in words; empty where it was on our pages for most of it, or nobody looked yet."""
    if since is None or clock.start_of(day) < since:
        return ""
    if row is None:
        return "None of our pages showed the approved ad on its day."
    length = clock.start_of(day + timedelta(days=1)) - clock.start_of(day)
    if row.seconds >= ENOUGH * length.total_seconds():
        return ""
    hours = row.seconds / 3600
    return f"Our pages showed the approved ad for {hours:.1f} of {length.total_seconds() / 3600:.0f} hours."
