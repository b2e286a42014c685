"""The admin of sponsors, packages, units, bookings, creatives and records."""

from sponsors.admin import catalogue, creatives, inventory, money, records

__all__ = ["catalogue", "creatives", "inventory", "money", "records"]
