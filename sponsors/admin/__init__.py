"""The admin of sponsors, packages, units, bookings, creatives, flags, invoices and records."""

from sponsors.admin import catalogue, creatives, flags, inventory, money, records, statements

__all__ = ["catalogue", "creatives", "flags", "inventory", "money", "records", "statements"]
