"""Inquiries, and offers made to measure: a package at a price for one buyer, accepted by a link that carries both."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import advisory_locks, audit
from core.advisory_locks import AdvisoryLock
from core.models import User
from core.transitions import TransitionRefused, lock, move
from sponsors import availability, booking, emails, packages
from sponsors.availability import Series
from sponsors.models import Booking, Inquiry, Offer, Package, PackageItem, PlacementKind

CUSTOM = Package.Tier.CUSTOM
State = Offer.State


def ask(*, company: str, contact_email: str, category: str, message: str) -> Inquiry:
    """Keep what somebody wrote, and tell the managers."""
    with transaction.atomic():
        row = Inquiry.objects.create(company=company, contact_email=contact_email, category=category, message=message)
        emails.inquiry_to_us(row)
    return row


def made_to_measure(
    *, title: str, items: Mapping[PlacementKind, int], price: Decimal, currency: str, summary: str
) -> Package:
    """A package for one buyer, which is never on sale."""
    with transaction.atomic():
        advisory_locks.wait_for(AdvisoryLock.HOLDS, 0)  # its version is the next one
        fields: dict[str, Any] = {"title": title, "price": price, "currency": currency, "summary": summary}
        made = Package.objects.create(tier=CUSTOM, version=packages.next_version(CUSTOM), **fields)
        PackageItem.objects.bulk_create(
            PackageItem(package=made, kind=kind, quantity=quantity) for kind, quantity in items.items()
        )
    return made


def make(*, inquiry: Inquiry | None, package: Package, by: User, **terms: Any) -> Offer:
    """Make an offer, which fixes its package, and mail its link. Raises TransitionRefused where it could not start on any day."""
    with transaction.atomic():
        offer = Offer.objects.create(inquiry=inquiry, package=package, made_by=by, **terms)
        series = Series(offer.runs, offer.weeks)
        if not availability.calendar([package], category=offer.category).starts(package, limit=1, series=series):
            raise TransitionRefused(
                "As things stand, nobody could accept this: there is no day on which all of it can start. Put more days on"
                " sale, or change the number of runs, the weeks between them, or the places."
            )
        Package.objects.filter(pk=package.pk, quoted_at=None).update(quoted_at=offer.made_at)
        if inquiry:
            Inquiry.objects.filter(pk=inquiry.pk).update(state=Inquiry.State.OFFERED)
        audit.record("made the offer", offer, by=by, detail=offer.reason)
        emails.offer_made(offer)
    return offer


def accept(offer: Offer, *, start: date, seen: tuple[int, ...]) -> Booking:
    """Book what was offered, from a day on: held and sold at once, or not at all.

    `seen` is what the link carried. Raises TransitionRefused; booking.Unavailable.
    """
    now = timezone.now()
    with transaction.atomic():
        lock(offer, "package", "made_by")
        if offer.state != State.OPEN:
            raise TransitionRefused(f"This offer is {offer.get_state_display().lower()} already.")
        if not offer.is_open(now):
            raise TransitionRefused("This offer has run out. Write to us if you still want it.")
        if seen != offer.terms:
            raise TransitionRefused("This link is of an earlier offer. Use the last one that we mailed you.")
        held = booking.hold(
            package=offer.package,
            company=offer.company,
            contact_email=offer.contact_email,
            category=offer.category,
            start=start,
            series=Series(offer.runs, offer.weeks),
            price=offer.price,
            price_reason=offer.reason,
            is_address_known=True,  # its link came by mail
            is_settled=True,
            now=now,
        )
        sold = booking.confirm(held, by=offer.made_by)
        move(offer, sources=[State.OPEN], to=State.ACCEPTED, action="accepted", booking=sold, decided_at=now)
        audit.record("accepted the offer", offer, by="the sponsor")
        emails.offer_accepted(offer)
    return sold


def withdraw(offer: Offer, *, by: User) -> None:
    """Take an offer back; its link says so. Raises TransitionRefused."""
    with transaction.atomic():
        move(offer, sources=[State.OPEN], to=State.WITHDRAWN, action="withdrawn", decided_at=timezone.now())
        audit.record("withdrew the offer", offer, by=by)
