"""Packages, inventory and bookings, creatives, and the records kept of them."""

from sponsors.models.catalogue import Package, PackageItem, PlacementKind
from sponsors.models.creatives import Approval, Creative, CreativeVersion
from sponsors.models.inventory import Booking, Claim, RunUnit, Sponsor
from sponsors.models.link_checks import AdLinkCheck
from sponsors.models.records import AdEvent, DisclosureEntry

__all__ = [
    "AdEvent",
    "AdLinkCheck",
    "Approval",
    "Booking",
    "Claim",
    "Creative",
    "CreativeVersion",
    "DisclosureEntry",
    "Package",
    "PackageItem",
    "PlacementKind",
    "RunUnit",
    "Sponsor",
]
