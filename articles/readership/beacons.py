"""Beacons: what a browser says of a view of a page, judged without waiting for anything, and answered all the same.

static/js/beacon.js sends one when a page is there and one whenever it is hidden. Its lines are a random number that
names the view, the quarters of the page that were in view, the page's address, and that of the page that led here.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote, urlsplit

from crawleruseragents import is_crawler
from django.conf import settings
from django.utils import timezone

from articles.models import LeftOut
from articles.readership import collector
from articles.readership.collector import Visitor
from articles.readership.sources import campaign_of, source_of
from core.lib.forms import address_of
from core.lib.networks import counted_as
from core.lib.text import storable, whole_number

SIZE_LIMIT = 4_000  # bytes
PATH_LENGTH = 200
AGENT_LENGTH = 300
QUARTERS = 4
VISITOR_A_MINUTE = 120  # one browser's beacons
PLACE_A_MINUTE = 600  # those of an address, behind which an office may be
PLACES_KNOWN = 50_000

Environ = dict[str, Any]
Reason = LeftOut.Reason


class NotCounted(Exception):
    """A beacon that is left out, with the reason."""

    def __init__(self, reason: LeftOut.Reason) -> None:
        super().__init__(reason)
        self.reason = reason


Taker = Callable[[Environ, Sequence[str], str], None]
_others: dict[str, Taker] = {}


def hand_on(word: str, taker: Taker) -> None:
    """Have another part take the beacons that begin with a line of this word: the lines after it, and why it may not count."""
    _others[word] = taker


def take(environ: Environ, body: bytes) -> None:
    """Have a beacon counted, or counted as left out; whatever it is given."""
    word, _, rest = body.partition(b"\n")
    if taker := _others.get(word.decode(errors="replace")):
        taker(environ, rest.decode(errors="replace").split("\n"), _reason_to_leave_out(environ))
        return
    try:
        own_host_of(environ)
        visitor = visitor_of(environ, count=_bursts.count)
        collector.add(_view(environ, body, visitor))
    except NotCounted as error:
        collector.leave_out(error.reason)


def _reason_to_leave_out(environ: Environ) -> str:
    try:
        own_host_of(environ)
        visitor_of(environ, count=_bursts.count)
    except NotCounted as error:
        return error.reason
    return ""


def visitor_of(environ: Environ, *, count: Callable[[Visitor], None] | None = None) -> Visitor:
    """Who asks, to be told apart from others of the day. Raises NotCounted for those who are counted nowhere.

    `count` is asked before the browser's name is looked up among those of robots, which takes milliseconds.
    """
    if environ.get("HTTP_DNT") == "1" or environ.get("HTTP_SEC_GPC") == "1":
        raise NotCounted(Reason.ASKED)
    if f"{settings.SESSION_COOKIE_NAME}=" in environ.get("HTTP_COOKIE", ""):
        raise NotCounted(Reason.STAFF)
    agent, address = environ.get("HTTP_USER_AGENT", "").strip()[:AGENT_LENGTH], address_of(environ)
    visitor = Visitor(counted_as(address) if address else "", agent)
    if count:
        count(visitor)
    if not agent or _is_bot(agent) or "prefetch" in environ.get("HTTP_SEC_PURPOSE", ""):
        raise NotCounted(Reason.BOT)
    return visitor


@lru_cache(4096)
def _is_bot(agent: str) -> bool:
    return is_crawler(agent)


def own_host_of(environ: Environ) -> str:
    """The host, with its port, of the page that sent a request. Raises NotCounted if it is not one of ours."""
    sent_from = urlsplit_or_none(environ.get("HTTP_ORIGIN", ""))
    host = sent_from.netloc.lower() if sent_from else ""
    if not host or host not in (environ.get("HTTP_HOST", "").lower(), urlsplit(settings.SITE_URL).netloc):
        raise NotCounted(Reason.FOREIGN)
    return host


def path_of(address: Any, host: str) -> str:
    """The path of an address on that host. Raises NotCounted if it is elsewhere, or as long as none of ours."""
    if address is None or address.netloc.lower() != host:
        raise NotCounted(Reason.MALFORMED)
    path = unquote(address.path)
    if not path.startswith("/") or len(path) > PATH_LENGTH or storable(path) != path:
        raise NotCounted(Reason.MALFORMED)
    return path


def urlsplit_or_none(address: str) -> Any:
    """The parts of an address, None if it is not one."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _view(environ: Environ, body: bytes, visitor: Visitor) -> collector.View:
    host = own_host_of(environ)
    try:
        nonce, depth, address, referrer = body.decode().split("\n")
    except ValueError:  # of the decoder as well
        raise NotCounted(Reason.MALFORMED) from None
    page = urlsplit_or_none(address)
    quarters = whole_number(depth, most=9999)  # more than four where the page is shorter than the window
    if not nonce or quarters is None or len(body) > SIZE_LIMIT:
        raise NotCounted(Reason.MALFORMED)
    return collector.View(
        at=timezone.now(),
        visitor=visitor,
        nonce=int.from_bytes(blake2b(nonce.encode(), digest_size=8).digest(), signed=True),
        depth=min(quarters, QUARTERS),
        path=path_of(page, host),
        source=source_of(referrer, host.partition(":")[0]),
        campaign=campaign_of(page.query),
    )


@dataclass
class _Bursts:
    """How many beacons came from each place in this minute; from more places than it knows, none is counted."""

    minute: float = 0
    seen: Counter[Any] = field(default_factory=Counter)

    def count(self, visitor: Visitor) -> None:
        """Raises NotCounted for one too many."""
        if (minute := time.monotonic() // 60) != self.minute:
            self.minute, self.seen = minute, Counter()
        if len(self.seen) > 2 * PLACES_KNOWN:
            raise NotCounted(Reason.BURST)
        self.seen[visitor.address] += 1
        if self.seen[visitor.address] > PLACE_A_MINUTE:
            raise NotCounted(Reason.BURST)  # before anything is kept or looked up of the browser that it names
        self.seen[visitor] += 1
        if self.seen[visitor] > VISITOR_A_MINUTE:
            raise NotCounted(Reason.BURST)


_bursts = _Bursts()


def forget_bursts() -> None:
    """Begin to count afresh."""
    _bursts.seen.clear()
