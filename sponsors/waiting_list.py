"""Buyers who wait for days to be free: told once, in the order in which they asked, and forgotten then."""

from django.db import transaction

from sponsors import availability, emails
from sponsors.models import Package, WaitingBuyer

STARTS_SEEN = 200
STARTS_TOLD = 5


def join(package: Package, *, company: str, contact_email: str) -> WaitingBuyer:
    """Put a buyer on the list of a package, with the days on which it can start now."""
    starts = availability.calendar([package]).starts(package, limit=STARTS_SEEN)
    fields = {"company": company, "starts": starts}
    return WaitingBuyer.objects.update_or_create(
        tier=package.tier, contact_email=contact_email.lower(), defaults=fields
    )[0]


def tell() -> int:
    """Write to those for whom there is a day now that was not free when they asked; return to how many."""
    packages = {package.tier: package for package in Package.objects.on_sale()}
    waiting = WaitingBuyer.objects.filter(tier__in=packages)
    calendar = availability.calendar(packages.values()) if waiting else None
    told = 0
    for row in waiting:
        starts = calendar.starts(packages[row.tier], limit=STARTS_SEEN) if calendar else []
        if new := [day for day in starts if day not in row.starts][:STARTS_TOLD]:
            with transaction.atomic():
                if WaitingBuyer.objects.filter(pk=row.pk).delete()[0]:  # else another process has told them
                    emails.dates_free(row, new)
                    told += 1
    return told
