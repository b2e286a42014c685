"""Newsletters, subscribers and briefings on the newsroom's desk."""

from newsletter.admin import (
    audience,
    automations,
    briefings,
    bulk_acts,
    imports,
    plans,
    reports,
    routes,
    segments,
    sign_ups,
    suppressions,
    templates,
    traits,
)

__all__ = [
    "audience",
    "automations",
    "briefings",
    "bulk_acts",
    "imports",
    "plans",
    "reports",
    "routes",
    "segments",
    "sign_ups",
    "suppressions",
    "templates",
    "traits",
]
