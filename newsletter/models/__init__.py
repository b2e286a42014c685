"""Newsletters, sign-ups, subscribers, tags, fields, segments, imports, bulk acts, the ledger of consent, briefings, automations."""

from newsletter.models.address_changes import AddressChange
from newsletter.models.archive import ArchiveEntry
from newsletter.models.audience import Newsletter, Subscriber, Subscription, Suppression
from newsletter.models.automations import Automation, AutomationStep, Enrolment
from newsletter.models.briefings import Briefing, BriefingItem, CompiledMessage
from newsletter.models.bulk_acts import BulkAct, BulkActBatch
from newsletter.models.consent import ConsentAct, Wording
from newsletter.models.deliveries import Delivery, Hit, TrackedLink
from newsletter.models.figures import (
    BriefingCohort,
    BriefingDomain,
    BriefingFigures,
    BriefingHour,
    LinkFigures,
    ListDay,
)
from newsletter.models.imports import SubscriberImport
from newsletter.models.link_checks import LinkCheck
from newsletter.models.plans import BriefingPlan
from newsletter.models.reports import BounceRule, IgnoredReports, MailReport
from newsletter.models.routes import MailAccount, RecipientDomain, SendingRules, SendMinute
from newsletter.models.segments import Segment, SegmentBlock, SegmentCondition, SegmentCount
from newsletter.models.sign_ups import SignUp, SignUpRules
from newsletter.models.subject_tests import SubjectTest, SubjectVariant, VariantFigures
from newsletter.models.templates import BriefingText, CardSize, MailTemplate
from newsletter.models.traits import SubscriberField, SubscriberTag, Tagging

__all__ = [
    "AddressChange",
    "ArchiveEntry",
    "Automation",
    "AutomationStep",
    "BounceRule",
    "Briefing",
    "BriefingCohort",
    "BriefingDomain",
    "BriefingFigures",
    "BriefingHour",
    "BriefingItem",
    "BriefingPlan",
    "BriefingText",
    "BulkAct",
    "BulkActBatch",
    "CardSize",
    "CompiledMessage",
    "ConsentAct",
    "Delivery",
    "Enrolment",
    "Hit",
    "IgnoredReports",
    "LinkCheck",
    "LinkFigures",
    "ListDay",
    "MailAccount",
    "MailReport",
    "MailTemplate",
    "Newsletter",
    "RecipientDomain",
    "Segment",
    "SegmentBlock",
    "SegmentCondition",
    "SegmentCount",
    "SendMinute",
    "SendingRules",
    "SignUp",
    "SignUpRules",
    "SubjectTest",
    "SubjectVariant",
    "Subscriber",
    "SubscriberField",
    "SubscriberImport",
    "SubscriberTag",
    "Subscription",
    "Suppression",
    "Tagging",
    "TrackedLink",
    "VariantFigures",
    "Wording",
]
