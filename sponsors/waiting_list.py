"""Buyers who wait for days to be free: told once, in the order in which they asked, and forgotten then."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from sponsors import availability, emails
from sponsors.models import Package, WaitingBuyer

STARTS_SEEN = 200
STARTS_TOLD = 5


def join(package: Package, *, company: str, contact_email: str) -> WaitingBuyer:
    """Put a buyer on the list of a package, with the days on which it can start now. To ask again is to wait from now on."""
    now = timezone.now()
    starts = availability.calendar([package], now=now).starts(package, limit=STARTS_SEEN)
    fields = {"company": company, "starts": starts, "asked_at": now}
    return WaitingBuyer.objects.update_or_create(
        tier=package.tier, contact_email=contact_email.lower(), defaults=fields
    )[0]


def tell() -> int:
    """Write to those for whom there is a day now that was not free when they asked; return to how many.

    A run counts that ends within what the calendar showed then: days that came into view since were not taken before.
    """
    packages = {package.tier: package for package in Package.objects.on_sale()}
    waiting = WaitingBuyer.objects.filter(tier__in=packages)
    calendar = availability.calendar(packages.values()) if waiting else None
    told = 0
    for row in waiting:
        if new := _freed(row, packages[row.tier], calendar)[:STARTS_TOLD] if calendar else []:
            with transaction.atomic():
                if WaitingBuyer.objects.filter(pk=row.pk).delete()[0]:  # else another process has told them
                    emails.dates_free(row, new)
                    told += 1
    return told


def _freed(row: WaitingBuyer, package: Package, calendar: availability.Calendar) -> list[date]:
    """The days on which a package can start by now, of those in view when its buyer asked."""
    end = row.asked_at.date() + availability.WINDOW
    starts = calendar.starts(package, limit=STARTS_SEEN)
    return [day for day in starts if day not in row.starts and calendar.last_day(package, day) < end]
