"""One answer that is sent twice, by a second click or by a browser that heard nothing: where nobody is known, it is taken once.

A page with scripts names each sending. Without them, the same answers from the same browser are one sending for some seconds.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from core import ratelimit
from surveys import keys
from surveys.models import Survey

FIELD = "once"
LONGEST_NAME = 80
NAMED_FOR = 3600  # seconds
ALIKE_FOR = 5


@dataclass(frozen=True, slots=True)
class Sending:
    """What tells one sending from others, and for how many seconds at least the next like it is the same."""

    name: str
    seconds: int


def sending_of(survey: Survey, data: QueryDict, *, address: str, agent: str) -> Sending:
    """Which sending of a survey's form this is. Raises PepperMissing."""
    if name := data.get(FIELD, "")[:LONGEST_NAME]:
        return Sending(f"page {name}", NAMED_FOR)
    sent = urlencode(sorted(data.lists()), doseq=True, errors="replace")
    return Sending(keys.pepper(survey).participant_key(f"sent\0{address}\0{agent}\0{sent}").hex(), ALIKE_FOR)


def is_again(survey: Survey, sending: Sending) -> bool:
    """Note a sending, in the transaction that takes its answer; whether it was noted before."""
    window = int(time.time()) // sending.seconds
    until = timezone.now() + timedelta(seconds=2 * sending.seconds)
    following, now = (f"survey-sent|{survey.pk}|{sending.name}|{each}" for each in (window + 1, window))
    ratelimit.is_first(following, until=until)
    return not ratelimit.is_first(now, until=until)
