"""Newsletters, subscribers and imports of them, the ledger of consent, briefings and items, deliveries, hits and reports."""

from newsletter.models.audience import Newsletter, Subscriber, Subscription, Suppression
from newsletter.models.briefings import Briefing, BriefingItem, CompiledMessage
from newsletter.models.consent import ConsentAct, Wording
from newsletter.models.deliveries import Delivery, Hit, TrackedLink
from newsletter.models.imports import SubscriberImport
from newsletter.models.reports import BounceRule, IgnoredReports, MailReport

__all__ = [
    "BounceRule",
    "Briefing",
    "BriefingItem",
    "CompiledMessage",
    "ConsentAct",
    "Delivery",
    "Hit",
    "IgnoredReports",
    "MailReport",
    "Newsletter",
    "Subscriber",
    "SubscriberImport",
    "Subscription",
    "Suppression",
    "TrackedLink",
    "Wording",
]
