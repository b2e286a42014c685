"""Views of ads: beacons that say half of an ad was in view for a second, judged by what is known then, and written together.

static/js/ad_views.js sends them by the way that readers' figures go (articles.readership.beacons). They are in a file before they
are answered, so that none is lost with its process; a thread writes them to the database every second or two, each once.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from core.lib import clock
from core.lib.forms import address_of
from core.lib.journal import Full, Journal
from core.lib.networks import counted_as, public_network_of
from core.lib.signing import BadToken, read_token
from sponsors import clicks, view_counts
from sponsors.clicks import Visit
from sponsors.models import AdEvent, Booking, BuyerDay, BuyerVisit, Claim
from sponsors.placements import VIEW

PATIENCE = timedelta(minutes=10)  # for a page that was opened before its ad's day was over
MOST = 2**63 - 1
VISITOR = slice(3, 6)  # visitor, place and network in a row
Reason = AdEvent.Reason
# What the readers' figures leave a beacon out for, and what that is called of an ad.
LEFT_OUT = {"bot": Reason.SCANNER, "staff": Reason.STAFF, "foreign": Reason.FOREIGN, "burst": Reason.NETWORK}
logger = logging.getLogger(__name__)
_salt_of: list[Callable[[date], bytes]] = []
journal = Journal(lambda: Path(settings.AD_JOURNALS))


class Seen(NamedTuple):
    """What a beacon tells, as it stands in the journal. Numbers tell visitors, addresses and networks apart within the day."""

    at: float
    claim: int
    nonce: int
    visitor: int
    place: int
    network: int
    buyer: str  # the place as clicks know it, by which buyers are known; it goes no further
    reason: str


def salted_by(salt_of: Callable[[date], bytes]) -> None:
    """Have what is kept of visitors told apart by a day's salt, which is deleted soon after its day: then no key tells who it was."""
    _salt_of[:] = [salt_of]


def take(environ: Mapping[str, Any], lines: Sequence[str], left_out: str) -> None:
    """Note the view of an ad that a beacon tells of: a random number and the ad's token. `left_out` says why it may not count."""
    if left_out and left_out not in LEFT_OUT:
        return  # whoever asks not to be counted is not, and what is malformed tells of nothing
    try:
        nonce, token = lines
        (claim,) = _claim_of(settings.SECRET_KEY, token)
    except (ValueError, BadToken):
        return
    now, address = timezone.now(), address_of(environ)
    day, agent, network = now.astimezone(UTC).date(), environ.get("HTTP_USER_AGENT", ""), public_network_of(address)
    visit = Visit(method="GET", user_agent=agent, address=address, purpose=environ.get("HTTP_SEC_PURPOSE", ""))
    place = counted_as(address) if address else ""
    seen = Seen(
        at=now.timestamp(),
        claim=claim,
        nonce=_number(b"", nonce),
        visitor=_number(_key(settings.SECRET_KEY, day), f"{place}\n{agent}"),
        place=_number(_key(settings.SECRET_KEY, day), place) if network else 0,
        network=_number(_key(settings.SECRET_KEY, day), network) if network else 0,
        buyer=visit.place,
        reason=LEFT_OUT[left_out] if left_out else visit.reason,
    )
    try:
        journal.add(json.dumps(seen).encode())
    except (Full, OSError):
        logger.exception("A view of an ad could not be noted")


@lru_cache(4096)
def _claim_of(secret: str, token: str) -> tuple[int, ...]:
    return read_token(VIEW, token)


@lru_cache(4)
def _key(secret: str, day: date) -> bytes:
    return blake2b(f"sponsors.view{secret}{day}".encode(), digest_size=32).digest()


def _number(key: bytes, text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), key=key, digest_size=8).digest(), signed=True)


def flush() -> int:
    """Write what waits, also what dead processes left; how many lines there were. If that fails, they wait on."""
    return journal.settle(_write)


def _read(lines: list[bytes]) -> Iterator[Seen]:
    """What lines tell. One that cannot be read, such as of a disk that was full, stops no other."""
    for line in lines:
        try:
            seen = Seen(*json.loads(line))
            numbers = (seen.claim, seen.nonce, seen.visitor, seen.place, seen.network)
            if not all(isinstance(number, int) and -MOST - 1 <= number <= MOST for number in numbers):
                raise ValueError("a number of it is none")
            datetime.fromtimestamp(seen.at, UTC)
            yield seen._replace(buyer=str(seen.buyer), reason=Reason(seen.reason))
        except (ValueError, TypeError, OverflowError, OSError) as error:
            logger.warning("A noted view of an ad is left out, since it cannot be read (%s): %r", error, line[:200])


def _write(lines: list[bytes]) -> None:
    seen = list(_read(lines))
    claims = Claim.objects.select_related("unit", "booking").in_bulk({each.claim for each in seen})
    buyers = _buyers(claims.values())
    by_day = defaultdict[date, dict[tuple[int, int], list[Any]]](dict)
    for each in seen:
        if claim := claims.get(each.claim):
            at = datetime.fromtimestamp(each.at, UTC)
            reason = each.reason or _standing(claim, at) or (Reason.SPONSOR if (claim.pk, each.buyer) in buyers else "")
            row = [each.claim, each.nonce, at, each.visitor, each.place, each.network, str(reason)]
            by_day[at.date()].setdefault((each.claim, each.nonce), row)
    for day, rows in sorted(by_day.items()):
        _salt(day, rows.values())
        ordered = [rows[key] for key in sorted(rows)]  # in one order, so that two processes do not block each other
        with transaction.atomic(), connection.cursor() as cursor:
            if not view_counts.open_for_views(day):
                logger.error("%s views of ads are left out: none are taken of %s any more", len(rows), day)
                continue
            cursor.execute(view_counts.WRITE, [day, *map(list, zip(*ordered, strict=True))])


def _salt(day: date, rows: Iterable[list[Any]]) -> None:
    """Replace what tells visitors apart, which a key of ours makes without waiting for anything, by what needs the salt too."""
    for salt_of in _salt_of:
        salt = salt_of(day)
        for row in rows:
            row[VISITOR] = [_number(salt, str(number)) if number else 0 for number in row[VISITOR]]


def note_buyer(booking: Booking, request: HttpRequest) -> None:
    """Remember from where a buyer opened a page of theirs: clicks from there, and views on this day, are no reader's."""
    visit = clicks.note_buyer(booking, request)
    if visit is None or not public_network_of(visit.address):
        return
    day = clock.utc_day()
    number = _number(_key(settings.SECRET_KEY, day), counted_as(visit.address))
    row: list[Any] = [0, 0, 0, 0, number, 0]
    _salt(day, [row])
    BuyerDay.objects.bulk_create([BuyerDay(day=day, booking=booking, place=row[4])], ignore_conflicts=True)


def _standing(claim: Claim, at: datetime) -> Reason:
    """Why a view of an ad does not count, by whether it was to be shown then."""
    if claim.state != Claim.State.CONFIRMED or claim.booking.state != "confirmed":
        return Reason.WITHDRAWN
    if at < clock.start_of(claim.unit.date):
        return Reason.TEST
    return Reason.EXPIRED if at >= clock.start_of(claim.unit.date + timedelta(days=1)) + PATIENCE else Reason.NONE


def _buyers(claims: Any) -> set[tuple[int, str]]:
    """The places from which buyers opened their pages, with the claims for which clicks and views from there do not count."""
    sponsors = {claim.booking.sponsor_id for claim in claims if claim.booking.sponsor_id}
    places = defaultdict[int, set[str]](set)
    for sponsor, place in BuyerVisit.objects.filter(booking__sponsor__in=sponsors).values_list(
        "booking__sponsor", "place"
    ):
        places[sponsor].add(place)
    return {(claim.pk, place) for claim in claims for place in places.get(claim.booking.sponsor_id, ())}
