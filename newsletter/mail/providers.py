"""Mail providers: how each carries a delivery's token through to its reports, and what it calls a mailbox that is gone.

What a provider's webhook tells is normalised by django-anymail. That keeps apart neither mailboxes that are gone from those
that are full, nor filters from persons, so the provider's own words stand here, with the code of RFC 3463 that they come to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newsletter.mail.reports import Kind, Report
from newsletter.mail.status_codes import code_in_report

GONE, FOR_NOW, POLICY = "5.1.0", "4.0.0", "5.7.1"
VAGUE = ("", "5.0.0", "4.0.0")  # says no more than that it failed
NAME = "moonpress"  # of the token among a message's metadata, and of the user in basic authentication
JSON = f'{{"{NAME}": "%s"}}'
KINDS = {
    "bounced": Kind.FAILURE,
    "rejected": Kind.FAILURE,
    "failed": Kind.FAILURE,
    "deferred": Kind.DELAY,
    "autoresponded": Kind.AUTO_REPLY,
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.LEFT,
}
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider. Its secret is Anymail's `setting`; without one of its own, the password of basic authentication."""

    name: str
    view: str
    header: str = ""
    setting: str = ""
    words: Mapping[Path, Mapping[Any, str]] = field(default_factory=dict)
    message_ids: tuple[Path, ...] = ()
    addresses: tuple[Path, ...] = ()
    statuses: tuple[Path, ...] = ()
    gives_up: bool = False  # what Anymail calls deferred is not tried again, if its words are among ours


PROVIDERS = {
    "amazon-ses": Provider(
        "Amazon SES",
        "amazon_ses.AmazonSESTrackingWebhookView",
        header=f"X-Metadata: {JSON}",
        words={("bounce", "bounceType"): {"Permanent": GONE, "Transient": FOR_NOW, "Undetermined": FOR_NOW}},
        addresses=(("mail", "source"),),
        statuses=(("bounce", "bouncedRecipients", "0", "status"),),
    ),
    "brevo": Provider(
        "Brevo",
        "brevo.BrevoTrackingWebhookView",
        header=f"X-Mailin-custom: {JSON}",
        words={("event",): {"hard_bounce": GONE, "invalid_email": GONE, "soft_bounce": FOR_NOW}},
    ),
    "mailersend": Provider(
        "MailerSend",
        "mailersend.MailerSendTrackingWebhookView",
        header="X-MailerSend-Tags: %s",
        setting="MAILERSEND_SIGNING_SECRET",
        words={("data", "type"): {"hard_bounced": GONE, "soft_bounced": FOR_NOW}},
    ),
    "mailgun": Provider(
        "Mailgun",
        "mailgun.MailgunTrackingWebhookView",
        header=f"X-Mailgun-Variables: {JSON}",
        setting="MAILGUN_WEBHOOK_SIGNING_KEY",
        words={("event-data", "reason"): {"bounce": GONE, "suppress-bounce": GONE, "old": FOR_NOW}},
    ),
    "mailjet": Provider(
        "Mailjet",
        "mailjet.MailjetTrackingWebhookView",
        header=f"X-MJ-EventPayload: {JSON}",
        words={
            ("error",): {"user unknown": GONE, "invalid domain": GONE, "no mail host": GONE},
            ("hard_bounce",): {True: GONE, False: FOR_NOW},
        },
    ),
    "mailtrap": Provider(
        "Mailtrap",
        "mailtrap.MailtrapTrackingWebhookView",
        header=f"X-MT-Custom-Variables: {JSON}",
        words={("event",): {"bounce": GONE, "soft bounce": FOR_NOW}},
        gives_up=True,
    ),
    "mandrill": Provider(
        "Mandrill",
        "mandrill.MandrillCombinedWebhookView",
        header=f"X-MC-Metadata: {JSON}",
        setting="MANDRILL_WEBHOOK_KEY",
        words={("event",): {"hard_bounce": GONE, "soft_bounce": FOR_NOW}},
    ),
    "postal": Provider(
        "Postal",
        "postal.PostalTrackingWebhookView",
        setting="POSTAL_WEBHOOK_KEY",
        message_ids=(("payload", "message", "message_id"), ("payload", "original_message", "message_id")),
    ),
    "postmark": Provider(
        "Postmark",
        "postmark.PostmarkTrackingWebhookView",
        header=f"X-PM-Metadata-{NAME}: %s",
        words={
            ("Type",): {"HardBounce": GONE, "BadEmailAddress": GONE, "SoftBounce": FOR_NOW, "SpamNotification": POLICY},
            ("SuppressionReason",): {"HardBounce": GONE},
        },
    ),
    "resend": Provider(
        "Resend",
        "resend.ResendTrackingWebhookView",
        header=f"X-Metadata: {JSON}",
        words={("data", "bounce", "type"): {"Permanent": GONE, "Transient": FOR_NOW, "Undetermined": FOR_NOW}},
    ),
    "sendgrid": Provider(
        "SendGrid",
        "sendgrid.SendGridTrackingWebhookView",
        header=f'X-SMTPAPI: {{"unique_args": {JSON}}}',
        setting="SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY",
        words={("reason",): {"Bounced Address": GONE}, ("type",): {"bounce": GONE}},
        message_ids=(("smtp-id",),),
        statuses=(("status",),),
    ),
    "sparkpost": Provider(
        "SparkPost",
        "sparkpost.SparkPostTrackingWebhookView",
        header=f'X-MSYS-API: {{"metadata": {JSON}}}',
        words={
            ("msys", "message_event", "bounce_class"): {"10": GONE, "30": GONE}
            | dict.fromkeys(["20", "21", "22", "23", "24", "40", "70"], FOR_NOW)
        },
    ),
    "unisender-go": Provider(
        "Unisender Go",
        "unisender_go.UnisenderGoTrackingWebhookView",
        header=f'X-UNIONE: {{"global_metadata": {JSON}}}',
        setting="UNISENDER_GO_API_KEY",
        words={
            ("delivery_info", "delivery_status"): {"err_mailbox_full": FOR_NOW}
            | dict.fromkeys(
                ["err_user_unknown", "err_user_inactive", "err_mailbox_discarded", "err_domain_inactive"], GONE
            )
        },
        gives_up=True,
    ),
}


def anymail_settings(provider: str, secret: str, address: str) -> dict[str, str]:
    """What django-anymail is to know: the secret of a provider's webhook, and the address that it is set to."""
    if not provider:
        return {}
    own = PROVIDERS[provider].setting
    return {own or "WEBHOOK_SECRET": secret if own else f"{NAME}:{secret}", "MANDRILL_WEBHOOK_URL": address}


def header_for(provider: str, token: str) -> str:
    """The header line by which a provider is asked to name this token in its reports; empty where it needs none."""
    header = PROVIDERS[provider].header if provider else ""
    return header % token if header else ""


def read(provider: Provider, event: Any) -> Report | None:
    """What an event of django-anymail says; None where it tells of no bounce, complaint or leave."""
    raw = event.esp_event
    said = _said(provider, raw)
    kind = KINDS.get(event.event_type)
    if kind is None:
        return None
    if said and (kind is Kind.COMPLAINT or (kind is Kind.DELAY and provider.gives_up)):
        kind = Kind.FAILURE  # a filter's complaint is none of a person's
    if event.event_type == "rejected" and event.reject_reason in ("spam", "unsubscribed"):
        kind = Kind.COMPLAINT if event.reject_reason == "spam" else Kind.LEFT
    answer = event.mta_response or event.description or ""
    status = next(filter(None, (_at(raw, path) for path in provider.statuses)), answer)
    code = code_in_report(status, answer)
    return Report(
        kind,
        code=(said or code) if code in VAGUE else code,
        words=answer or event.event_type,
        addresses=_texts(_at(raw, path) for path in provider.addresses),
        message_ids=_texts(
            [event.message_id, (event.metadata or {}).get(NAME), *(event.tags or [])]
            + [_at(raw, path) for path in provider.message_ids]
        ),
    )


def _said(provider: Provider, raw: Any) -> str:
    """The code that the provider's own words for a failure come to."""
    for path, codes in provider.words.items():
        value = _at(raw, path)
        if isinstance(value, str | bool) and value in codes:
            return codes[value]
    return ""


def _at(value: Any, path: Path) -> Any:
    """What lies in JSON at a path of names and numbers; None where there is nothing."""
    for step in path:
        if isinstance(value, list):
            value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
        else:
            value = value.get(step) if hasattr(value, "get") else None
    return value


def _texts(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)]
