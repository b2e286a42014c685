"""Accounts, the site's profile, what must go out, unsaved work, keys, and what runs."""

from core.models.accounts import ApiKey, CalendarLink, KeptAnswer, KeptWork, User, _serial
from core.models.outbox import OutgoingMail, OutgoingRequest, Webhook, _webhook_secret, end_of_patience
from core.models.running import AuditEntry, Heartbeat, RateCount, RunningProcess
from core.models.site import ContentGeneration, SiteProfile

__all__ = [
    "ApiKey",
    "AuditEntry",
    "CalendarLink",
    "ContentGeneration",
    "Heartbeat",
    "KeptAnswer",
    "KeptWork",
    "OutgoingMail",
    "OutgoingRequest",
    "RateCount",
    "RunningProcess",
    "SiteProfile",
    "User",
    "Webhook",
    "_serial",
    "_webhook_secret",
    "end_of_patience",
]
