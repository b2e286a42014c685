"""The sponsorship manager's desk."""

from sponsors.admin import catalogue, creatives, inventory, records

__all__ = ["catalogue", "creatives", "inventory", "records"]
