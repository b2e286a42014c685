"""Places of a package that got less than was guaranteed: found when counting ends, and made good like a day that did not run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Max, Q

from core.lib import batches, clock
from sponsors import audience, emails, reach, reports
from sponsors.models import Booking, Claim, MakeGood
from sponsors.reports import Line
from sponsors.verdicts import COUNTED_FOR

LOOK_BACK = timedelta(days=30)  # after the end of counting


def find() -> int:
    """Open a make-good for each place that stayed below its guarantee; how many are new."""
    ended = clock.utc_day() - COUNTED_FOR
    sold = Booking.objects.filter(state="confirmed", claims__state="confirmed").annotate(last=Max("claims__unit__date"))
    over = sold.filter(last__lt=ended, last__gte=ended - LOOK_BACK)
    return sum(batches.each((booking for booking in over if _guarantees(booking)), _of_booking))


def _guarantees(booking: Booking) -> dict[int, int]:
    """What was guaranteed of each kind of place: views, or messages delivered, of all its days together."""
    runs = booking.snapshot.get("runs", 1)
    return {item["kind"]: item["guarantee"] * runs for item in booking.snapshot["items"] if item.get("guarantee")}


@dataclass(frozen=True, slots=True)
class Standing:
    """A place of a booking with what was guaranteed of it, and what its days until now got."""

    booking: Booking
    claims: list[Claim]
    promised: int
    got: int
    over: int  # days

    @property
    def share(self) -> float:
        return self.got / self.promised

    @property
    def name(self) -> str:
        return f"{self.booking.name}: {self.claims[0].unit.kind.name}"

    @property
    def words(self) -> str:
        unit = "delivered" if self.claims[0].unit.is_mail else "views"
        return f"{self.got:,} of {self.promised:,} {unit}, {self.over} of {len(self.claims)} days over"


def standing(*, since: date, until: date) -> list[Standing]:
    """How places with a guarantee stand of which a day ran in some time, all bookings in as many queries."""
    sold = Claim.objects.filter(state="confirmed", booking__state="confirmed").select_related("unit__kind")
    ran = sold.filter(unit__date__range=(since, until)).order_by().values("booking")
    rows = sold.filter(booking__in=ran).select_related("booking__sponsor").order_by("booking", "unit__date")
    places = defaultdict[tuple[int, int], list[Claim]](list)
    for claim in rows:
        if claim.unit.kind_id in _guarantees(claim.booking):
            places[claim.booking_id, claim.unit.kind_id].append(claim)
    got = reach.seen([claim for claims in places.values() for claim in claims])
    return list(_standings(places.values(), got, until))


def _standings(places: Iterable[list[Claim]], got: dict[int, int], until: date) -> Iterator[Standing]:
    for claims in places:
        booking = claims[0].booking
        yield Standing(
            booking=booking,
            claims=claims,
            promised=_guarantees(booking)[claims[0].unit.kind_id],
            got=sum(got.get(claim.pk, 0) for claim in claims),
            over=sum(claim.unit.date < until for claim in claims),
        )


def _of_booking(booking: Booking) -> int:
    lines = defaultdict[int, list[Line]](list)
    for line in reports.report_on(booking).lines:
        lines[line.claim.unit.kind_id].append(line)
    guaranteed = _guarantees(booking).items()
    return sum(_written_down(lines[kind], promised) for kind, promised in guaranteed if lines[kind])


def _written_down(lines: Iterable[Line], promised: int) -> bool:
    """Whether there is something new to be made good."""
    lines = list(lines)
    got, last = sum(line.seen or 0 for line in lines), lines[-1].claim
    made_good = MakeGood.objects.filter(claim__in=[line.claim for line in lines])
    if got >= promised or made_good.filter(Q(is_short=True) | Q(state=MakeGood.State.OPEN)).exists():
        return False  # one that is open gives it a day more, which may be all that is missing
    if _unknown(lines):
        return False
    unit = "messages were delivered" if last.unit.is_mail else "views counted"
    reason = f"{got:,} {unit} on its {len(lines)} days; {promised:,} were guaranteed."
    free = _without_make_good(lines)
    if free is None:
        return False  # each of its days is made good already
    with transaction.atomic():
        emails.make_good_found(MakeGood.objects.create(claim=free, reason=reason, is_short=True))
    return True


def _unknown(lines: list[Line]) -> bool:
    """Whether a briefing that left has no figure yet. A day that did not run at all has a make-good of its own."""
    missing = [line.claim.pk for line in lines if line.seen is None]
    return bool(missing) and bool(audience.carried(missing))


def _without_make_good(lines: list[Line]) -> Claim | None:
    claims = [line.claim for line in lines]
    taken = set(MakeGood.objects.filter(claim__in=claims).values_list("claim", flat=True))
    return next((claim for claim in reversed(claims) if claim.pk not in taken), None)
