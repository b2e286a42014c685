"""Final reports: frozen with a hash when counting ends; a correction after that is a new version beside it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Max

from core.lib import batches, clock
from core.transitions import lock
from sponsors import reports
from sponsors.models import Booking, SponsorReport
from sponsors.reports import COLUMNS, Report
from sponsors.verdicts import COUNTED_FOR

AT_THE_END = timedelta(days=1)  # after the last on which anything counts, when its last verdicts are made


def freeze_due() -> int:
    """Freeze the reports whose counting is over, and those of which something was corrected since; how many were."""
    over = Booking.objects.filter(claims__state="confirmed").annotate(last=Max("claims__unit__date"))
    due = over.filter(last__lt=clock.utc_day() - COUNTED_FOR - AT_THE_END, reports=None)
    corrected = over.filter(reports__isnull=False, claims__adjustments__isnull=False)
    return sum(batches.each([*due, *corrected.distinct()], _frozen))


def _frozen(booking: Booking) -> bool:
    report = reports.report_on(booking)
    with transaction.atomic():
        lock(booking)
        last = booking.reports.first()
        document = document_of(report)
        if last and last.document == document:
            return False
        since = [each for each in report.adjustments if last and each.at > last.at]
        SponsorReport.objects.create(
            booking=booking,
            version=last.version + 1 if last else 1,
            document=document,
            sha256=sha256(document.encode()).hexdigest(),
            why="; ".join(each.words for each in since)[:300] or ("Counted again." if last else ""),
        )
    return True


def document_of(report: Report) -> str:
    """A report as it is frozen: who, what, and each number of it (reports.rows)."""
    about = {
        "sponsor": report.booking.name,
        "package": report.booking.snapshot["name"],
        "columns": list(COLUMNS),
        "rows": list(reports.rows(report)),
        "ran": [
            {
                "placement": line.claim.unit.kind.name,
                "ad day": line.claim.unit.date.isoformat(),
                "headline": line.version.headline if line.version else None,
                "creative sha256": line.version.sha256 if line.version else None,
            }
            for line in report.lines
        ],
    }
    return json.dumps(about, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def rows_of(version: SponsorReport) -> Iterator[list[Any]]:
    """The numbers of a frozen report."""
    yield from json.loads(version.document)["rows"]
