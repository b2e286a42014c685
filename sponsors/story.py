"""The story of a booking: what happened to it, what was written about it, handed in, decided, made good, billed and paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from core import audit
from core.models import OutgoingMail
from sponsors.models import Approval, Booking, CreativeVersion, MakeGood

SPONSOR = "the sponsor"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with whoever did it."""

    at: datetime
    words: str
    by: str = ""
    detail: str = ""
    url: str = ""


def of_booking(booking: Booking) -> list[Event]:
    """All of it, the newest first."""
    parts = (_steps, _mails, _ads, _days, _money)
    found = [event for part in parts for event in part(booking)]
    return sorted(found, key=lambda event: event.at, reverse=True)


def _steps(booking: Booking) -> Iterator[Event]:
    """What was done with it, by the audit log; those decided before there was one have their last decision."""
    yield Event(booking.requested_at, f"Asked for at {booking.price_text}", SPONSOR, booking.message)
    if booking.address_confirmed_at and booking.address_confirmed_at != booking.requested_at:
        yield Event(booking.address_confirmed_at, "Address confirmed", SPONSOR)
    entries = list(audit.entries_about(booking).order_by("at"))
    for entry in entries:
        yield Event(entry.at, entry.action.capitalize(), entry.by_name, entry.detail)
    if booking.decided_at and not any(entry.action in ("confirmed", "cancelled") for entry in entries):
        yield Event(booking.decided_at, booking.get_state_display(), str(booking.decided_by or ""), booking.reason)


def _mails(booking: Booking) -> Iterator[Event]:
    states = dict(
        OutgoingMail.objects.filter(pk__in=booking.notices.values("mail")).values_list("pk", "state")
    )  # the outbox forgets them in time
    for notice in booking.notices.all():
        state = states.get(notice.mail_id, "")
        detail = {"failed": "could not be delivered", "queued": "not sent yet"}.get(state, "")
        yield Event(notice.at, f"Mail to {'us' if notice.to_us else SPONSOR}: {notice.subject}", detail=detail)


def _ads(booking: Booking) -> Iterator[Event]:
    versions = CreativeVersion.objects.filter(creative__booking=booking)
    for version in versions.select_related("creative__kind", "submitted_by"):
        page = reverse("admin:sponsors_creative_change", args=[version.creative_id])
        words = f"Version {version.number} handed in for {version.creative.kind}"
        yield Event(version.submitted_at, words, version.submitter, version.headline, page)
    decided = Approval.objects.filter(version__creative__booking=booking)
    for each in decided.select_related("version__creative__kind", "by"):
        words = f"Version {each.version.number} for {each.version.creative.kind} {each.verdict}"
        yield Event(each.at, words, str(each.by), each.reason)


def _days(booking: Booking) -> Iterator[Event]:
    """What the public log says, and the days that did not carry the ad."""
    for entry in booking.disclosures.all():
        words = f"Public log, entry {entry.number}: {entry.get_kind_display().lower()}"
        yield Event(entry.at, words, detail="; ".join(entry.placements))
    owed = MakeGood.objects.filter(claim__booking=booking)
    for row in owed.select_related("claim__unit__kind", "given__unit__kind", "decided_by"):
        yield Event(row.found_at, f"Did not run: {row.claim.unit}", detail=row.reason)
        if row.decided_at:
            words = f"Made good by {row.given.unit}" if row.given else "Make-good waived"
            yield Event(row.decided_at, words, str(row.decided_by or ""), str(row.claim.unit))


def _money(booking: Booking) -> Iterator[Event]:
    """What was billed, credited, paid and adjusted, by the ledger."""
    page = reverse("admin:sponsors_invoice_account", args=[booking.pk])
    for entry in booking.ledger.select_related("invoice", "payment", "by"):
        words = str(entry.invoice or entry.get_kind_display())
        why = [entry.reason, entry.invoice.reason if entry.invoice else "", entry.payment.note if entry.payment else ""]
        yield Event(entry.at, f"{words}: {entry.amount_text}", str(entry.by or ""), " ".join(filter(None, why)), page)
