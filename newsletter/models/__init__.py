"""Newsletters and subscribers, briefings and their items, deliveries and their hits."""

from newsletter.models.audience import Newsletter, Subscriber, Subscription, Suppression
from newsletter.models.briefings import Briefing, BriefingItem, CompiledMessage
from newsletter.models.deliveries import Delivery, Hit, TrackedLink

__all__ = [
    "Briefing",
    "BriefingItem",
    "CompiledMessage",
    "Delivery",
    "Hit",
    "Newsletter",
    "Subscriber",
    "Subscription",
    "Suppression",
    "TrackedLink",
]
