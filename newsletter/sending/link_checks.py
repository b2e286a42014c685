"""Whether the links of a briefing can be reached: asked in the background, on the public internet only, bounded in time.

Our own pages are looked up when the briefing is checked (newsletter.sending.content_checks) and not asked here.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import transaction
from django.utils import timezone

from core import doorbell
from core.lib.reachability import problem_of
from newsletter.models import Briefing, LinkCheck
from newsletter.sending.content_checks import may_be_asked, outside_links

TASK = "newsletter.tasks.check_links"
RUN_SECONDS = 40  # for one run of the task
AT_ONCE = 8
State = LinkCheck.State


@transaction.atomic
def start(briefing: Briefing) -> int:
    """Have every link to another site looked at anew that is not too long, of which warnings tell; return how many there are."""
    urls = [url for url in outside_links(briefing) if may_be_asked(url)]
    briefing.link_checks.exclude(url__in=urls).delete()
    now = timezone.now()
    LinkCheck.objects.bulk_create(
        [LinkCheck(briefing=briefing, url=url, due_at=now, asked_at=now) for url in urls],
        update_conflicts=True,
        unique_fields=["briefing", "url"],
        update_fields=["due_at", "asked_at"],
    )
    briefing.link_checks.update(state=State.WAITING, note="", lease=None, lease_expires_at=None, checked_at=None)
    doorbell.ring(TASK)
    return len(urls)


def run_due() -> None:
    """Look at the links that wait, some at a time, for as long as a task may take."""
    until = time.monotonic() + RUN_SECONDS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while time.monotonic() < until and (rows := LinkCheck.objects.claim(limit=AT_ONCE)):
            for row, note in zip(rows, pool.map(problem_of, [row.url for row in rows]), strict=True):
                state = State.WRONG if note else State.FINE
                row.release(state=state, note=note[:200], checked_at=timezone.now())
