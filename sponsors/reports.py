"""Reports to sponsors: all clicks of a booking, counted or rejected by reason; the sum is always what came."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sponsors import audience
from sponsors.audience import Rate
from sponsors.models import AdEvent, Booking, Claim


@dataclass(frozen=True, slots=True)
class Line:
    """One claim: where and when its ad ran, what came and what of it counts."""

    claim: Claim
    by_reason: dict[str, int]
    delivered: int | None

    @property
    def raw(self) -> int:
        return sum(self.by_reason.values())

    @property
    def valid(self) -> int:
        return self.by_reason.get("", 0)

    @property
    def rejected(self) -> int:
        return self.raw - self.valid

    @property
    def rate(self) -> Rate | None:
        """Counted clicks per message delivered; None on the web, and before the briefing is sent."""
        return Rate(self.valid, self.delivered) if self.delivered and self.valid <= self.delivered else None


@dataclass(frozen=True, slots=True)
class Report:
    """All claims of a booking and their sums."""

    booking: Booking
    lines: list[Line]

    @property
    def raw(self) -> int:
        return sum(line.raw for line in self.lines)

    @property
    def valid(self) -> int:
        return sum(line.valid for line in self.lines)

    @property
    def rejected(self) -> int:
        return sum(line.rejected for line in self.lines)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why clicks were rejected, the most frequent first: (words, how many)."""
        total: Counter[str] = Counter()
        for line in self.lines:
            total.update({reason: n for reason, n in line.by_reason.items() if reason})
        return [(AdEvent.Reason(reason).label, n) for reason, n in total.most_common()]


def report_on(booking: Booking) -> Report:
    """Add up a booking's events as they stand now."""
    claims = list(booking.claims.filter(state=Claim.State.CONFIRMED).select_related("unit__kind"))
    counts: dict[int, dict[str, int]] = {claim.pk: {} for claim in claims}
    for claim_id, reason, n in AdEvent.objects.filter(claim__in=claims).by_claim_and_reason():
        counts[claim_id][reason] = n
    mail = {claim.unit.channel for claim in claims if claim.unit.channel.startswith("mail:")}
    sends = audience.sends_on(mail, since=min(claim.unit.date for claim in claims)) if mail else {}
    return Report(booking, [_line(claim, counts[claim.pk], sends) for claim in claims])


def _line(claim: Claim, by_reason: dict[str, int], sends: dict[tuple[str, date], audience.Send]) -> Line:
    send = sends.get((claim.unit.channel, claim.unit.date))
    return Line(claim, by_reason, send.delivered if send else None)
