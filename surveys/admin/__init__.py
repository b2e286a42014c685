"""The desk of the awards' steward."""

from surveys.admin import season

__all__ = ["season"]
