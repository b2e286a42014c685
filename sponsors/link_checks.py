"""Whether ads lead somewhere: looked at in the background when they are handed in, and every day as long as they may run."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core import doorbell
from core.lib import clock
from core.lib.reachability import problem_of
from sponsors import emails
from sponsors.models import AdLinkCheck, Claim, CreativeVersion

TASK = "sponsors.tasks.check_links"
EVERY = timedelta(days=1)  # so also on the day before the ad's
AGAIN = timedelta(minutes=30)  # after it failed for the first time
RUN_SECONDS = 40
AT_ONCE = 8
State = AdLinkCheck.State


def start(version: CreativeVersion) -> None:
    """Have the link of a version looked at, unless it leads to our own site."""
    if _is_elsewhere(version):
        AdLinkCheck.objects.get_or_create(version=version)
        doorbell.ring(TASK)


def run_due() -> None:
    """Look at the links that are due, some at a time, for as long as a task may take."""
    _begin()
    until = time.monotonic() + RUN_SECONDS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while time.monotonic() < until and (rows := _due()):
            links = [row.version.link_url for row in rows]
            for row, problem in zip(rows, pool.map(problem_of, links), strict=True):
                _settle(row, problem)


def may_run() -> QuerySet[CreativeVersion]:
    """The versions that readers may come to see: of an ad that has a day ahead, or of our own, and not rejected."""
    ahead = Claim.objects.filter(state__in=["held", "confirmed"], unit__date__gte=clock.utc_day())
    days = Exists(ahead.filter(booking=OuterRef("creative__booking"), unit__kind=OuterRef("creative__kind")))
    stands = Q(verdict=None) | Q(verdict="approved")
    return CreativeVersion.objects.to_review().reviewed().filter(stands, Q(creative__booking=None) | days)


def _begin() -> None:
    """Take up versions that nobody has looked at yet."""
    for version in may_run().filter(link_check=None):
        start(version)


def _due() -> list[AdLinkCheck]:
    rows = AdLinkCheck.objects.filter(version__in=may_run()).claim(limit=AT_ONCE)
    versions = CreativeVersion.objects.select_related("creative__booking", "creative__kind")
    found = versions.in_bulk([row.version_id for row in rows])
    for row in rows:
        row.version = found[row.version_id]
    return list(rows)


@transaction.atomic
def _settle(row: AdLinkCheck, problem: str) -> None:
    """Write down what was found. Both sides are told once, when it failed for the second time in a row."""
    now, failed_before = timezone.now(), bool(row.note)
    state = State.FINE if not problem else State.WRONG if failed_before else row.state
    is_news = state == State.WRONG and row.state != State.WRONG
    due = now + (AGAIN if problem and not failed_before else EVERY)
    if row.release(state=state, note=problem[:200], checked_at=now, due_at=due) and is_news:
        emails.link_broken(row.version, problem)


def _is_elsewhere(version: CreativeVersion) -> bool:
    return urlsplit(version.link_url).netloc != urlsplit(settings.SITE_URL).netloc
