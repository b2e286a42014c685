"""Whether the links of a briefing can be reached: asked in the background, on the public internet only, bounded in time.

Our own pages are looked up when the briefing is checked (newsletter.sending.content_checks) and not asked here.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import doorbell
from core.lib import outbound
from core.lib.outbound import NotReached
from newsletter.models import Briefing, LinkCheck
from newsletter.sending.content_checks import may_be_asked, outside_links

TASK = "newsletter.tasks.check_links"
SECONDS = 8.0  # for one answer
RUN_SECONDS = 40  # for one run of the task
AT_ONCE = 8
MOST_REDIRECTS = 5
# What servers answer to programs that are welcome as people with a browser: nothing is known then.
UNWELCOME = frozenset([401, 403, 405, 406, 409, 418, 429, 451, 503, 999])
State = LinkCheck.State

logger = logging.getLogger(__name__)


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


def problem_of(url: str) -> str:
    """Why nobody gets to an address, in words; empty where somebody does, or where that cannot be known."""
    try:
        for _ in range(MOST_REDIRECTS + 1):
            answer = _ask(url)
            if not 300 <= answer.status < 400 or not answer.location:
                return _said(answer.status)
            url = urljoin(url, answer.location)
    except NotReached as error:
        return f"{error}."
    except Exception:  # whatever an address can come to: one link holds up no other
        logger.exception("A link could not be looked at")
        return "it could not be looked at."
    return f"it leads on more than {MOST_REDIRECTS} times."


def _ask(url: str) -> outbound.Answer:
    """Ask for the head of a page, and for the page where its server does not know heads."""
    private = settings.LINK_CHECKS_OF_PRIVATE_HOSTS
    headers = {"Accept": "text/html,*/*"}
    answer = outbound.request(url, method="HEAD", body=b"", headers=headers, private_hosts=private, seconds=SECONDS)
    if answer.status in (403, 404, 405, 501):
        answer = outbound.request(url, method="GET", body=b"", headers=headers, private_hosts=private, seconds=SECONDS)
    return answer


def _said(status: int) -> str:
    if status < 400 or status in UNWELCOME:
        return ""
    return "there is no such page (404)." if status in (404, 410) else f"its server answers with an error ({status})."
