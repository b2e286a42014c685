"""Final reports: frozen with a hash when counting ends; a correction after that is a new version beside it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import DateField, Exists, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Trunc

from core.lib import batches
from core.transitions import lock
from sponsors import reports, verdicts
from sponsors.models import Adjustment, Booking, Claim, CreativeVersion, PlacementKind, RunUnit, SponsorReport
from sponsors.reports import COLUMNS, Line, Report
from sponsors.verdicts import COUNTED_FOR, LAST_VERDICTS


def freeze_due() -> int:
    """Freeze the reports whose counting is over, and those of which something was corrected since; how many were."""
    over = Booking.objects.filter(claims__state="confirmed").annotate(last=Max("claims__unit__date"))
    corrected = Exists(Adjustment.objects.filter(claim__booking=OuterRef("pk")))
    frozen = SponsorReport.objects.filter(booking=OuterRef("pk")).order_by("-version").values("at")[:1]
    news = Q(frozen=None) | Q(last__gte=_ended(F("frozen")))
    due = over.annotate(frozen=Subquery(frozen)).filter(
        Q(news, last__lt=verdicts.judged_since()) | Q(corrected, frozen__isnull=False)
    )
    return sum(batches.each(due, _frozen))


def _ended(frozen: F) -> Any:
    """The first ad day that was not over when a version was frozen, such as one that was given for another later."""
    return Cast(Trunc(frozen, "day", tzinfo=UTC), DateField()) - (COUNTED_FOR + LAST_VERDICTS)


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
            why="; ".join(each.words for each in since)[:300] or _why(last, report),
        )
    return True


def _why(last: SponsorReport | None, report: Report) -> str:
    if last is None:
        return ""
    return "With a day that was given later." if len(report.lines) > len(_ran(last)) else "Counted again."


def _ran(version: SponsorReport) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(version.document)["ran"]
    return found


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


def report_of(version: SponsorReport) -> Report:
    """A frozen report as its page and its PDF show it: each number is the document's; pictures are looked up."""
    live = reports.report_on(version.booking)
    claims = {(line.claim.unit.kind.name, line.claim.unit.date.isoformat()): line for line in live.lines}
    lines = {}
    for ran in _ran(version):
        placement, day = ran["placement"], ran["ad day"]
        known = claims.get((placement, day)) or Line(
            _claim(version.booking, placement, day), Counter(), Counter(), None
        )
        ad = known.version if known.version and known.version.sha256 == ran["creative sha256"] else None
        ad = ad or (CreativeVersion(headline=ran["headline"]) if ran["headline"] else None)
        lines[placement, day] = Line(known.claim, Counter(), Counter(), None, version=ad)
    for placement, day, figure, on, verdict, number in rows_of(version):
        lines[placement, day] = _with(lines[placement, day], figure, on, verdict, number)
    return Report(version.booking, list(lines.values()), version.at, version=version.version)


def _claim(booking: Booking, placement: str, day: str) -> Claim:
    """A place whose claim is no longer there, or was called otherwise then."""
    return Claim(booking=booking, unit=RunUnit(kind=PlacementKind(name=placement), date=date.fromisoformat(day)))


def _with(line: Line, figure: str, on: str, verdict: str, number: int) -> Line:
    if verdict.startswith(reports.BY_HAND):
        words, kind = verdict.removeprefix(reports.BY_HAND), figure.removesuffix("s")
        return replace(line, adjustments=(*line.adjustments, Adjustment(kind=kind, number=number, words=words)))
    if figure == reports.DELIVERED:
        return replace(line, delivered=number)
    numbers = line.views if figure == reports.VIEWS else line.clicks
    numbers[date.fromisoformat(on), reports.reason_called(verdict)] += number
    return line
