"""The admin of sponsors, packages, units, bookings, creatives, flags, invoices and records."""

from sponsors.admin import (
    bookings,
    catalogue,
    creatives,
    flags,
    inventory,
    kit,
    money,
    offers,
    overview,
    records,
    sponsors,
    statements,
)

__all__ = [
    "bookings",
    "catalogue",
    "creatives",
    "flags",
    "inventory",
    "kit",
    "money",
    "offers",
    "overview",
    "records",
    "sponsors",
    "statements",
]
