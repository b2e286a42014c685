"""The admin of sponsors, packages, units, bookings, creatives, flags, invoices and records."""

from sponsors.admin import (
    bookings,
    catalogue,
    creatives,
    flags,
    inventory,
    money,
    offers,
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
    "money",
    "offers",
    "records",
    "sponsors",
    "statements",
]
