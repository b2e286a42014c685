"""Lists and who reads them, briefings and what is in them, deliveries and what became of them."""

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
