"""The public log of who paid for what. Entries are only ever added, and each seals the one before it."""

import json
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from sponsors.models import Booking, Claim, DisclosureEntry, PlacementKind


def append(kind: DisclosureEntry.Kind, booking: Booking, claims: QuerySet[Claim], *, at: datetime) -> DisclosureEntry:
    """Add a line for a booking and those of its claims that it is about, in the transaction that changes them."""
    advisory_locks.wait_for(AdvisoryLock.DISCLOSURES)
    last = DisclosureEntry.objects.order_by("-number").first()
    entry = DisclosureEntry(
        number=last.number + 1 if last else 1,
        kind=kind,
        booking=booking,
        sponsor_name=booking.name,
        tier=booking.snapshot["tier"],
        placements=_placements(claims),
        at=at.astimezone(UTC),
    )
    entry.sha256 = seal(entry, last.sha256 if last else "")
    entry.save(force_insert=True)
    return entry


def seal(entry: DisclosureEntry, previous: str) -> str:
    """SHA-256 of the previous entry's seal ("" for the first) and the values of public_form, as compact JSON."""
    fields = [previous, *(value for name, value in public_form(entry).items() if name != "sha256")]
    return sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def public_form(entry: DisclosureEntry) -> dict[str, Any]:
    """An entry as the log's JSON has it."""
    return {
        "number": entry.number,
        "kind": str(entry.kind),
        "sponsor": entry.sponsor_name,
        "tier": entry.tier,
        "placements": list(entry.placements),
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "sha256": entry.sha256,
    }


def _placements(claims: QuerySet[Claim]) -> list[str]:
    """`Front page: 3 Dec 2026` or, for several, `Front page: 7 days, 3 Dec 2026 to 9 Dec 2026`."""
    rows = claims.select_related("unit__kind").order_by("unit__kind__name", "unit__kind", "unit__date", "id")
    return [_run_text(kind, [claim.unit.date for claim in run]) for kind, run in groupby(rows, lambda c: c.unit.kind)]


def _run_text(kind: PlacementKind, days: list[date]) -> str:
    if len(days) == 1:
        return f"{kind.name}: {days[0]:%-d %b %Y}"
    unit = "briefings" if kind.is_mail else "days"
    return f"{kind.name}: {len(days)} {unit}, {days[0]:%-d %b %Y} to {days[-1]:%-d %b %Y}"
