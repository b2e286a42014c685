"""The public log of who paid for what. Entries are only ever added, and each seals the one before it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import advisory_locks, audit, pagecache
from core.advisory_locks import AdvisoryLock
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused
from sponsors.models import Booking, Claim, DisclosureEntry, Flag, FlagDecision, PlacementKind

A_PAGE = 1_000  # entries of the log as JSON at once
MOST = 2_000_000_000  # that a number of the database can be
SEALED = ("number", "kind", "sponsor_name", "tier", "placements", "at")
NAMES = ("number", "kind", "sponsor", "tier", "placements", "at")  # of the same in JSON


def append(kind: DisclosureEntry.Kind, booking: Booking, claims: QuerySet[Claim], *, at: datetime) -> DisclosureEntry:
    """Add a line for a booking and those of its claims that it is about, in the transaction that changes them.

    Its lock is taken after those of bookings, units and claims, and before the number of an invoice: whoever has it keeps
    all others waiting until the transaction ends.
    """
    return append_lines(kind, booking, placements(claims), at=at)


def append_lines(kind: DisclosureEntry.Kind, booking: Booking, lines: list[str], *, at: datetime) -> DisclosureEntry:
    """The same about places in the words that they had before they changed."""
    return _append(
        kind,
        sponsor=booking.name,
        lines=lines,
        at=at,
        booking=booking,
        tier=booking.snapshot["tier"],
    )


def append_flag(flag: Flag, decision: FlagDecision, title: str, public: str) -> DisclosureEntry:
    """Add what was decided about a sponsor who is named where readers see it; not before they see it."""
    lines = [
        f"Named in the {flag.noun} “{title}”, {public}",
        f"Found on {flag.opened_at.astimezone(UTC):%-d %b %Y} in {', '.join(flag.places[:5])}",
        f"{decision.get_verdict_display()}, decided on {decision.at.astimezone(UTC):%-d %b %Y}"
        + (f": {decision.reason}" if decision.reason else ""),
    ]
    return _append(
        DisclosureEntry.Kind.FLAG,
        sponsor=flag.sponsor.name,
        lines=lines,
        at=timezone.now(),
        decision=decision,
    )


@transaction.atomic
def correct(entry: DisclosureEntry, words: str, *, by: User) -> DisclosureEntry:
    """Say what is wrong with an entry, in one of its own: no entry is changed. What was sent twice is refused.

    Raises TransitionRefused.
    """
    words = one_line(words)[:500]
    if not words:
        raise TransitionRefused("Say what is wrong with the entry, and what is right.")
    lines = [f"About entry {entry.number}: {words}"]
    advisory_locks.wait_for(AdvisoryLock.DISCLOSURES)
    if DisclosureEntry.objects.filter(kind=DisclosureEntry.Kind.CORRECTION, placements=lines).exists():
        raise TransitionRefused("The log says so already.")
    made = _append(
        DisclosureEntry.Kind.CORRECTION,
        sponsor=entry.sponsor_name,
        lines=lines,
        at=timezone.now(),
        booking=entry.booking,
    )
    audit.record("corrected the public log", entry, by=by, detail=f"Entry {made.number}: {words}")
    return made


def _append(
    kind: DisclosureEntry.Kind,
    *,
    sponsor: str,
    lines: list[str],
    at: datetime,
    booking: Booking | None = None,
    decision: FlagDecision | None = None,
    tier: str = "",
) -> DisclosureEntry:
    advisory_locks.wait_for(AdvisoryLock.DISCLOSURES)
    last = DisclosureEntry.objects.order_by("-number").first()
    entry = DisclosureEntry(
        number=last.number + 1 if last else 1,
        kind=kind,
        booking=booking,
        decision=decision,
        sponsor_name=sponsor,
        tier=tier,
        placements=lines,
        at=at.astimezone(UTC),
    )
    entry.sha256 = seal(entry, last.sha256 if last else "")
    entry.save(force_insert=True)
    pagecache.bump()
    return entry


def page(number: int) -> tuple[list[DisclosureEntry], bool]:
    """The entries of a page of the log, oldest first, counted from 1; and whether others follow."""
    last = min(number * A_PAGE, MOST)
    entries = DisclosureEntry.objects.filter(number__gt=last - A_PAGE, number__lte=last).order_by("number")
    return list(entries), DisclosureEntry.objects.filter(number__gt=last).exists()


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking the chain came to: how many entries it has, the last seal, and the first entry that does not hold."""

    entries: int
    seal: str
    broken: int | None


def verify() -> Verified:
    """Compute every seal anew, from the first entry on; a second and three megabytes for 100,000."""
    previous, number = "", 0
    rows = DisclosureEntry.objects.order_by("number").values_list(*SEALED, "sha256")
    for *values, own in rows.iterator():
        if values[0] != number + 1 or own != _seal(values, previous):
            return Verified(number, previous, number + 1)
        previous, number = own, values[0]
    return Verified(number, previous, None)


def seal(entry: DisclosureEntry, previous: str) -> str:
    """SHA-256 of the previous entry's seal ("" for the first) and the values of public_form, as compact JSON."""
    return _seal([getattr(entry, name) for name in SEALED], previous)


def _seal(values: Sequence[Any], previous: str) -> str:
    text = json.dumps([previous, *_in_json(values)], ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _in_json(values: Sequence[Any]) -> list[Any]:
    *others, at = values
    return [*others, at.astimezone(UTC).isoformat(timespec="microseconds")]


def public_form(entry: DisclosureEntry) -> dict[str, Any]:
    """An entry as the log's JSON has it."""
    values = _in_json([getattr(entry, name) for name in SEALED])
    return dict(zip(NAMES, values, strict=True)) | {"sha256": entry.sha256}


def placements(claims: QuerySet[Claim]) -> list[str]:
    """`Front page: 3 Dec 2026` or, for several, `Front page: 7 days, 3 Dec 2026 to 9 Dec 2026`."""
    rows = claims.select_related("unit__kind").order_by("unit__kind__name", "unit__kind", "unit__date", "id")
    return [_run_text(kind, [claim.unit.date for claim in run]) for kind, run in groupby(rows, lambda c: c.unit.kind)]


def _run_text(kind: PlacementKind, days: list[date]) -> str:
    if len(days) == 1:
        return f"{kind.name}: {days[0]:%-d %b %Y}"
    unit = "briefings" if kind.is_mail else "days"
    return f"{kind.name}: {len(days)} {unit}, {days[0]:%-d %b %Y} to {days[-1]:%-d %b %Y}"
