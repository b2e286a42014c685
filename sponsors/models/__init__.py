"""Packages, inventory and bookings, creatives, money, and the records kept of them."""

from sponsors.models.accounts import LedgerEntry, Payment
from sponsors.models.air_time import AirTime
from sponsors.models.bank import BankLine
from sponsors.models.billing import BillingDetails, Seller
from sponsors.models.buyers import BlockedDomain, WaitingBuyer
from sponsors.models.catalogue import Package, PackageItem, PlacementKind
from sponsors.models.creatives import Approval, Creative, CreativeVersion
from sponsors.models.flags import Flag, FlagDecision, FlagSearch
from sponsors.models.history import Notice, SponsorNote
from sponsors.models.inventory import Blackout, Booking, Claim, RunUnit, Sponsor
from sponsors.models.invoices import Cancellation, Invoice, InvoiceDocument, InvoiceSeries, PaymentReminder
from sponsors.models.kit import FieldFigure, KitText
from sponsors.models.link_checks import AdLinkCheck
from sponsors.models.make_goods import AdTurn, MakeGood
from sponsors.models.members import SponsorMember
from sponsors.models.offers import Inquiry, Offer
from sponsors.models.records import AdEvent, BuyerVisit, DisclosureEntry, VerdictChange
from sponsors.models.reports import SponsorReport
from sponsors.models.rules import AdRule, AssetClass, Jurisdiction
from sponsors.models.views import AdDay, Adjustment, AdReader, AdRollUp, AdView, BuyerDay

__all__ = [
    "AdDay",
    "AdEvent",
    "AdLinkCheck",
    "AdReader",
    "AdRollUp",
    "AdRule",
    "AdTurn",
    "AdView",
    "Adjustment",
    "AirTime",
    "Approval",
    "AssetClass",
    "BankLine",
    "BillingDetails",
    "Blackout",
    "BlockedDomain",
    "Booking",
    "BuyerDay",
    "BuyerVisit",
    "Cancellation",
    "Claim",
    "Creative",
    "CreativeVersion",
    "DisclosureEntry",
    "FieldFigure",
    "Flag",
    "FlagDecision",
    "FlagSearch",
    "Inquiry",
    "Invoice",
    "InvoiceDocument",
    "InvoiceSeries",
    "Jurisdiction",
    "KitText",
    "LedgerEntry",
    "MakeGood",
    "Notice",
    "Offer",
    "Package",
    "PackageItem",
    "Payment",
    "PaymentReminder",
    "PlacementKind",
    "RunUnit",
    "Seller",
    "Sponsor",
    "SponsorMember",
    "SponsorNote",
    "SponsorReport",
    "VerdictChange",
    "WaitingBuyer",
]
