"""Verdicts on clicks: which count, by what is known of them now. Made anew of the same facts they are the same.

A click gets one at once, so that figures are right within a second. The judge (a task of beat) makes them again while it is
known where clicks came from: links that nobody can see, runs over several ads, who the buyers are, newer lists of robots and
of data centres. What changes is written down beside the click.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from crawleruseragents import is_crawler
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib import batches, clock, data_centres
from core.lib.networks import public_network_of
from sponsors.models import AdEvent, BuyerVisit, Claim, VerdictChange

COUNTED_FOR = timedelta(days=30)  # after the day of an ad
LAST_VERDICTS = timedelta(
    days=1
)  # after that: then they are final, though a part of what they were made of is forgotten later
AROUND_CANARY = timedelta(seconds=60)
# So many different links in so short a time are no reader's: nobody aims at three within a second, though a few are easily
# opened in tabs within two or three, nor reads on after half a dozen within ten.
BURSTS = [(3, timedelta(seconds=1.2)), (6, timedelta(seconds=10))]
A_PLACE = 3  # readers at one address whose clicks on one ad count: a household, or an office
A_NETWORK = 10  # of a /24 or /48, on a page
A_NETWORK_BY_MAIL = 50  # where each reader has a letter of their own, and many sit behind one carrier's addresses
STAFF_FOR = timedelta(days=1)  # a browser that was signed in, before and after
LATELY = timedelta(minutes=20)
Kind = AdEvent.Kind
Reason = AdEvent.Reason
Seen = tuple[datetime, int]  # when a place followed a link, and of which claim


@dataclass
class Known:
    """What is known beside a claim's clicks: its buyer's places, and what else came from the places of its clicks."""

    buyers: Collection[str]
    seen: dict[str, list[Seen]] = field(default_factory=dict)  # by place, in their order
    canaries: dict[str, list[datetime]] = field(default_factory=dict)  # by place
    staff: dict[str, list[datetime]] = field(default_factory=dict)  # by nonce

    def reason(self, event: AdEvent) -> Reason:
        """Why a click is no reader's, by what is known of it; Reason.NONE where nothing speaks against it."""
        if event.found:
            return Reason(event.found)
        if any(abs(at - event.at) <= AROUND_CANARY for at in self.canaries.get(event.place, [])):
            return Reason.CANARY
        if _is_in_burst(event, self.seen.get(event.place, [])):
            return Reason.BURST
        if event.place and event.place in self.buyers:
            return Reason.SPONSOR
        if any(abs(at - event.at) <= STAFF_FOR for at in self.staff.get(event.nonce, [])):
            return Reason.STAFF
        if event.agent and is_robot(event.agent):
            return Reason.SCANNER
        return Reason.HOSTED if data_centres.is_hosted(event.ip_prefix) else Reason.NONE


@dataclass
class Room:
    """How many clicks on one ad still count for a reader, an address and a network."""

    by_mail: bool
    readers: set[str] = field(default_factory=set)
    places: Counter[str] = field(default_factory=Counter)
    networks: Counter[str] = field(default_factory=Counter)

    def reason(self, event: AdEvent) -> Reason:
        """Why there is none for a click. Networks that are not public may have anybody behind them, and have no ceiling."""
        if reader_of(event.nonce) in self.readers:
            return Reason.REPEAT
        network = public_network_of(event.ip_prefix)
        if network and event.place and self.places[event.place] >= A_PLACE:
            return Reason.ADDRESS
        most = A_NETWORK_BY_MAIL if self.by_mail else A_NETWORK
        return Reason.NETWORK if network and self.networks[network] >= most else Reason.NONE

    def take(self, event: AdEvent) -> None:
        self.readers.add(reader_of(event.nonce))
        self.places[event.place] += 1
        self.networks[event.ip_prefix] += 1


def reader_of(nonce: str) -> str:
    """Who a nonce stands for. In mails it was once of a delivery and a link (`mail:DELIVERY:LINK`), and is of the delivery now."""
    return nonce.rpartition(":")[0] if nonce.count(":") > 1 else nonce


def at_once(event: AdEvent) -> Reason:
    """The verdict on a click that has just come."""
    known = Known(buyers=_buyers(event.claim) if event.place else ())
    if reason := known.reason(event):
        return reason
    counted = AdEvent.objects.filter(claim=event.claim, reason="")
    room = Room(event.claim.unit.is_mail)
    alike = Q(nonce=event.nonce) | Q(nonce__startswith=f"{reader_of(event.nonce)}:")
    if event.ip_prefix:
        alike |= Q(ip_prefix=event.ip_prefix)
    for other in counted.filter(alike).only("nonce", "place", "ip_prefix").order_by()[: A_NETWORK_BY_MAIL * 2]:
        room.take(other)
    return room.reason(event)


def verdicts(events: Iterable[AdEvent], known: Known, *, by_mail: bool) -> dict[int, Reason]:
    """The verdicts on all clicks on one ad, in the order in which they came."""
    room = Room(by_mail)
    found: dict[int, Reason] = {}
    for event in events:
        reason = known.reason(event) or room.reason(event)
        if not reason:
            room.take(event)
        found[event.pk] = reason
    return found


# The judge


def judge_lately() -> int:
    """Judge the ads again that were clicked lately; how many verdicts changed."""
    return judge(AdEvent.objects.filter(at__gt=timezone.now() - LATELY).exclude(nonce=""))


def judge_all() -> int:
    """Judge all ads again of whose clicks it is still known where they came from; how many verdicts changed."""
    return judge(AdEvent.objects.exclude(nonce=""))


def judge(events: QuerySet[AdEvent]) -> int:
    """Judge the ads of some clicks again, one after the other; not those whose verdicts are final."""
    claims = Claim.objects.filter(pk__in=events.order_by().values("claim"), unit__date__gte=judged_since())
    claims = claims.select_related("unit", "booking")
    return sum(batches.each(claims, judge_claim))


def judged_since() -> date:
    """The first ad day whose clicks are still judged: for as long, all that verdicts are made of is kept."""
    return clock.utc_day() - COUNTED_FOR - LAST_VERDICTS


def judge_claim(claim: Claim) -> int:
    """Make the verdicts on all clicks on an ad anew; how many changed."""
    try:
        with transaction.atomic():
            advisory_locks.wait_for(AdvisoryLock.AD_VERDICTS, claim.pk)
            events = list(AdEvent.objects.filter(claim=claim).exclude(nonce="").order_by("at", "id"))
            made = verdicts(events, _known(claim, events), by_mail=claim.unit.is_mail)
            return _write([event for event in events if event.reason != made[event.pk]], made)
    except IntegrityError:  # another click of the same reader came in between: next time
        return 0


def _write(events: Sequence[AdEvent], made: dict[int, Reason]) -> int:
    now = timezone.now()
    changes = [VerdictChange(event=event, was=event.reason, became=made[event.pk], at=now) for event in events]
    by_reason = defaultdict[Reason, list[int]](list)
    for event in events:
        by_reason[made[event.pk]].append(event.pk)
    for reason in sorted(by_reason, reverse=True):  # those that count come last: of a reader one may count at a time
        AdEvent.objects.filter(pk__in=by_reason[reason]).update(reason=reason)
    VerdictChange.objects.bulk_create(changes, batch_size=1000)
    return len(changes)


def _known(claim: Claim, events: Sequence[AdEvent]) -> Known:
    places = {event.place for event in events if event.place}
    known = Known(buyers=_buyers(claim))
    for event in events:
        if event.found == Reason.STAFF:
            known.staff.setdefault(event.nonce, []).append(event.at)
    if not places:
        return known
    around = (events[0].at - AROUND_CANARY, events[-1].at + AROUND_CANARY)
    others = AdEvent.objects.filter(place__in=places, at__range=around).order_by("at", "id")
    for place, at, of, kind in others.values_list("place", "at", "claim", "kind"):
        known.seen.setdefault(place, []).append((at, of))
        if kind == Kind.CANARY:
            known.canaries.setdefault(place, []).append(at)
    return known


def _buyers(claim: Claim) -> set[str]:
    booking = claim.booking
    same = Q(booking=booking)
    if booking.sponsor_id:
        same |= Q(booking__sponsor=booking.sponsor_id)
    return set(BuyerVisit.objects.filter(same).values_list("place", flat=True))


def _is_in_burst(event: AdEvent, seen: Sequence[Seen]) -> bool:
    """Whether a click is one of a run over several ads, faster than anyone reads."""
    for links, within in BURSTS:
        near = seen[bisect_left(seen, event.at - within, key=_at) : bisect_right(seen, event.at + within, key=_at)]
        runs = (near[first : bisect_right(near, begin + within, key=_at)] for first, (begin, _) in enumerate(near))
        if len({claim for _, claim in near}) >= links and any(_is_run(run, event, links) for run in runs):
            return True
    return False


def _is_run(run: Sequence[Seen], event: AdEvent, links: int) -> bool:
    return run[0][0] <= event.at <= run[-1][0] and len({claim for _, claim in run}) >= links


def _at(seen: Seen) -> datetime:
    return seen[0]


@lru_cache(4096)
def is_robot(agent: str) -> bool:
    """Whether a browser's name is one of a crawler or a scanner."""
    return is_crawler(agent[:300])
