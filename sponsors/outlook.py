"""What will run in each place of a booking, or why nothing of the sponsor's will: the same words on every page that says so."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from core.lib import clock
from sponsors.models import Booking, Claim, CreativeVersion

OURS = "an ad of our own"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a place will show. `runs` is the version's number, None where the sponsor's own ad will not run."""

    claim: Claim
    runs: int | None
    words: str
    is_due: bool = False  # something can still be handed in, or decided, in time
    is_wanted: bool = False  # the sponsor has to hand something in, and can in time


def of_booking(booking: Booking, now: datetime | None = None) -> list[Outlook]:
    """The outlook of each place that a booking keeps, by day."""
    claims = booking.claims.exclude(state=Claim.State.RELEASED).select_related("unit__kind")
    return _outlooks(booking, claims.order_by("unit__date", "unit__kind__name", "id"), now or timezone.now())


def of_claim(claim: Claim) -> Outlook:
    return _outlooks(claim.booking, [claim], timezone.now())[0]


def _outlooks(booking: Booking, claims: Iterable[Claim], now: datetime) -> list[Outlook]:
    found = CreativeVersion.objects.reviewed().filter(creative__booking=booking, creative__retired_at=None)
    versions: dict[int, list[CreativeVersion]] = {}
    for version in found.select_related("creative").order_by("-number"):
        versions.setdefault(version.creative.kind_id, []).append(version)
    return [_outlook(claim, versions.get(claim.unit.kind_id, []), now) for claim in claims]


def _outlook(claim: Claim, versions: list[CreativeVersion], now: datetime) -> Outlook:
    """Of the versions, newest first: the latest approved one that came before the cut-off runs (placements.placements_on)."""
    cutoff = claim.unit.cutoff_at
    in_time = [version for version in versions if version.submitted_at <= cutoff]
    running = next((version for version in in_time if version.verdict == "approved"), None)
    number = running.number if running else None
    shown = f"version {number}" if number else OURS
    if claim.unit.date < now.date():
        return Outlook(claim, number, f"Over: {shown} ran." if number else f"Over: {OURS} ran.")
    newest = versions[0] if versions else None
    open_ = cutoff > now
    if newest is None:
        until = clock.in_words(cutoff)
        words = (
            f"Nothing handed in yet: it has to come by {until}." if open_ else f"Nothing came by {until}: {OURS} runs."
        )
    elif newest is running:
        words = f"Version {number} is approved and runs."
    elif newest not in in_time:
        words = f"Version {newest.number} came after the cut-off, {clock.in_words(cutoff)}: {shown} runs."
    elif newest.verdict == "rejected":
        words = (
            f"Version {newest.number} was rejected: {shown} runs, unless a new one comes by {clock.in_words(cutoff)}."
        )
        words = words if open_ else f"Version {newest.number} was rejected: {shown} runs."
    else:
        words = f"Version {newest.number} waits for our review: without it, {shown} runs."
    is_wanted = number is None and open_ and (newest is None or newest.verdict == "rejected")
    return Outlook(claim, number, words, is_due=number is None and (open_ or newest in in_time), is_wanted=is_wanted)
