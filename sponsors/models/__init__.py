"""Packages, inventory and bookings, creatives, and the records kept of them."""

from sponsors.models.buyers import BlockedDomain, WaitingBuyer
from sponsors.models.catalogue import Package, PackageItem, PlacementKind
from sponsors.models.creatives import Approval, Creative, CreativeVersion
from sponsors.models.inventory import Booking, Claim, RunUnit, Sponsor
from sponsors.models.link_checks import AdLinkCheck
from sponsors.models.make_goods import AdTurn, MakeGood
from sponsors.models.records import AdEvent, DisclosureEntry

__all__ = [
    "AdEvent",
    "AdLinkCheck",
    "AdTurn",
    "Approval",
    "BlockedDomain",
    "Booking",
    "Claim",
    "Creative",
    "CreativeVersion",
    "DisclosureEntry",
    "MakeGood",
    "Package",
    "PackageItem",
    "PlacementKind",
    "RunUnit",
    "Sponsor",
    "WaitingBuyer",
]
