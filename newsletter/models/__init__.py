"""Newsletters, subscribers and their imports, the ledger of consent, briefings and their items, deliveries and their hits."""

from newsletter.models.audience import Newsletter, Subscriber, Subscription, Suppression
from newsletter.models.briefings import Briefing, BriefingItem, CompiledMessage
from newsletter.models.consent import ConsentAct, Wording
from newsletter.models.deliveries import Delivery, Hit, TrackedLink
from newsletter.models.imports import SubscriberImport

__all__ = [
    "Briefing",
    "BriefingItem",
    "CompiledMessage",
    "ConsentAct",
    "Delivery",
    "Hit",
    "Newsletter",
    "Subscriber",
    "SubscriberImport",
    "Subscription",
    "Suppression",
    "TrackedLink",
    "Wording",
]
