"""Newsletters, subscribers with their tags and fields, segments, imports, the ledger of consent, briefings, deliveries, hits, reports."""

from newsletter.models.audience import Newsletter, Subscriber, Subscription, Suppression
from newsletter.models.briefings import Briefing, BriefingItem, CompiledMessage
from newsletter.models.consent import ConsentAct, Wording
from newsletter.models.deliveries import Delivery, Hit, TrackedLink
from newsletter.models.imports import SubscriberImport
from newsletter.models.reports import BounceRule, IgnoredReports, MailReport
from newsletter.models.segments import Segment, SegmentCondition, SegmentCount
from newsletter.models.traits import SubscriberField, SubscriberTag, Tagging

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
    "Segment",
    "SegmentCondition",
    "SegmentCount",
    "Subscriber",
    "SubscriberField",
    "SubscriberImport",
    "SubscriberTag",
    "Subscription",
    "Suppression",
    "Tagging",
    "TrackedLink",
    "Wording",
]
