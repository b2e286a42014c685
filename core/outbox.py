"""Transactional mail: queued as a row in the caller's transaction, sent by the worker, tried again until it is out."""

import email.policy
import email.utils
import logging
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from core import doorbell
from core.lib import mail
from core.lib.text import one_line
from core.models import OutgoingMail, SiteProfile

logger = logging.getLogger(__name__)

BATCH = 20
KEPT_FOR = timedelta(days=30)


def queue_mail(*, template: str, to: str, context: dict[str, Any], kind: str) -> OutgoingMail:
    """Render templates/emails/<template>.{subject.txt,txt,html}, store the message and ring the worker on commit.

    Raises ValueError when the address holds a line break.
    """
    context = {"site": SiteProfile.current(), "site_url": settings.SITE_URL, **context}
    subject = one_line(render_to_string(f"emails/{template}.subject.txt", context))
    message = _compose(
        to=to,
        subject=subject,
        text=render_to_string(f"emails/{template}.txt", context),
        html=render_to_string(f"emails/{template}.html", context),
    )
    return queue_message(kind=kind, to=to, subject=subject, message=mail.as_bytes(message))


def queue_message(*, kind: str, to: str, subject: str, message: bytes) -> OutgoingMail:
    """Store a ready-made message (CRLF lines) for one recipient and ring the worker on commit."""
    row = OutgoingMail.objects.create(kind=kind, recipient=to, subject=subject[:250], message=message)
    doorbell.ring("core.tasks.send_outgoing_mail")
    return row


def _compose(*, to: str, subject: str, text: str, html: str) -> EmailMessage:
    if len(to.splitlines()) > 1:
        raise ValueError("An address cannot contain a line break.")
    message = EmailMessage(policy=email.policy.SMTP)  # as_bytes() unfolds the headers; bodies keep short lines
    message["From"] = mail.address_header(one_line(SiteProfile.current().name), settings.DEFAULT_FROM_EMAIL)
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = email.utils.format_datetime(timezone.now())
    message["Message-ID"] = email.utils.make_msgid(domain=urlsplit(settings.SITE_URL).hostname)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(css_inline.inline(html), subtype="html", cte="quoted-printable")
    return message


def send_due(*, now: datetime | None = None) -> int:
    """Send what is due, a batch at a time, until nothing is; return how many were sent."""
    sent = 0
    with mail.open_transport() as transport:
        while batch := OutgoingMail.objects.claim(limit=BATCH, now=now):
            sent += sum(_send(transport, row) for row in batch)
    return sent


def _send(transport: mail.Transport, row: OutgoingMail) -> bool:
    """Send one message; whether it was accepted. A batch may take longer than a lease, so each row's is renewed."""
    if not row.renew():
        return False
    try:
        transport.send(settings.DEFAULT_FROM_EMAIL, row.recipient, bytes(row.message))
    except mail.DeliveryFailure as failure:
        row.fail(str(failure), for_good=isinstance(failure, mail.PermanentFailure))
        return False
    except Exception:
        logger.exception("Mail %s could not be sent for an error of our own", row.pk)
        transport.close()  # wherever the conversation stood, the next message begins a new one
        row.fail("An error of our own stopped it; see the worker's log.")
        return False
    return row.succeed()


def delete_old(*, now: datetime | None = None) -> int:
    """Delete mail that was sent or given up long ago: it holds addresses and links."""
    return OutgoingMail.objects.settled().filter(created_at__lt=(now or timezone.now()) - KEPT_FOR).delete()[0]
