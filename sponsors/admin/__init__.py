"""The admin of sponsors, packages, units, bookings, creatives and records."""

from sponsors.admin import catalogue, creatives, inventory, records

__all__ = ["catalogue", "creatives", "inventory", "records"]
