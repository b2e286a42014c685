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
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from core import doorbell
from core.lib import mail
from core.lib.text import one_line
from core.models import OutgoingMail, SiteProfile

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
BATCH = 20
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480)]
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
    """Send what is due, a batch at a time, until nothing is; return how many went out."""
    sent = 0
    with mail.open_transport() as transport:
        while batch := _claim(now or timezone.now()):
            sent += sum(_deliver(transport, row) for row in batch)
    return sent


def _claim(now: datetime) -> list[OutgoingMail]:
    """Take a batch for this process alone; rows of a process that died are taken again once their lease is over."""
    due = Q(state=OutgoingMail.State.QUEUED) | Q(state=OutgoingMail.State.SENDING, lease_expires_at__lt=now)
    with transaction.atomic():
        rows = list(
            OutgoingMail.objects.select_for_update(skip_locked=True)
            .filter(due, due_at__lte=now)
            .order_by("due_at")[:BATCH]
        )
        for row in rows:
            row.state, row.lease_expires_at, row.attempts = OutgoingMail.State.SENDING, now + LEASE, row.attempts + 1
        OutgoingMail.objects.bulk_update(rows, ["state", "lease_expires_at", "attempts"])
    return rows


def _deliver(transport: mail.Transport, row: OutgoingMail) -> bool:
    try:
        transport.send(settings.DEFAULT_FROM_EMAIL, row.recipient, bytes(row.message))
    except mail.PermanentFailure as failure:
        _record(row, OutgoingMail.State.FAILED, error=str(failure))
        return False
    except mail.DeliveryFailure as failure:
        _try_again(row, str(failure))
        return False
    _record(row, OutgoingMail.State.SENT, sent_at=timezone.now(), error="")
    return True


def _try_again(row: OutgoingMail, error: str) -> None:
    if row.attempts > len(BACKOFF):
        _record(row, OutgoingMail.State.FAILED, error=error)
    else:
        _record(row, OutgoingMail.State.QUEUED, error=error, due_at=timezone.now() + BACKOFF[row.attempts - 1])


def _record(row: OutgoingMail, state: OutgoingMail.State, **changes: Any) -> None:
    """Write the outcome unless another process took the row over meanwhile."""
    fence = OutgoingMail.objects.filter(pk=row.pk, state=OutgoingMail.State.SENDING, attempts=row.attempts)
    if fence.update(state=state, lease_expires_at=None, **changes) != 1:
        logger.warning("Mail %s was taken over by another worker before its outcome was written.", row.pk)


def delete_old(*, now: datetime | None = None) -> int:
    """Delete settled mail past its keeping time: it holds addresses and links."""
    settled = OutgoingMail.objects.filter(state__in=[OutgoingMail.State.SENT, OutgoingMail.State.FAILED])
    return settled.filter(created_at__lt=(now or timezone.now()) - KEPT_FOR).delete()[0]
