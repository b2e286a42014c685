"""Whether an address can be reached: asked on the public internet only, each redirect looked at anew, bounded in time."""

import logging
from urllib.parse import urljoin

from django.conf import settings

from core.lib import outbound
from core.lib.outbound import NotReached

SECONDS = 8.0  # for one answer
MOST_REDIRECTS = 5
# What servers answer to programs that are welcome as people with a browser: nothing is known then.
UNWELCOME = frozenset([401, 403, 405, 406, 409, 418, 429, 451, 503, 999])

logger = logging.getLogger(__name__)


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
