"""Transactional mail: queued as a row in the caller's transaction, and sent by the worker, which tries for hours."""

import email.policy
import email.utils
import logging
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from core import doorbell
from core.lib import batches, mail
from core.lib.smtp import Envelope, Outcome, Status, wire_data
from core.lib.text import one_line
from core.models import OutgoingMail, SiteProfile

logger = logging.getLogger(__name__)

BATCH = 20
KEPT_FOR = timedelta(days=30)
FAILED_KEPT_FOR = timedelta(days=7)  # with the address, which is there to be looked at

# Who sees which mail in the admin: by application, which is the first part of a kind, the permission it takes
_seen_with: dict[str, str] = {}


def register(part: str, *, seen_with: str) -> None:
    """Show the mail of an application to users with a permission."""
    _seen_with[part] = seen_with


def parts_seen_by(user: Any) -> list[str]:
    """The applications whose mail a user may see."""
    return [part for part, permission in _seen_with.items() if user.has_perm(permission)]


def seen_by(user: Any) -> QuerySet[OutgoingMail]:
    """The mail a user may see in the admin."""
    own = [Q(kind__startswith=f"{part}.") for part in parts_seen_by(user)]
    return OutgoingMail.objects.filter(reduce(or_, own)) if own else OutgoingMail.objects.none()


def queue_mail(
    *, template: str, to: str, context: dict[str, Any], kind: str, due_at: datetime | None = None
) -> OutgoingMail:
    """Render templates/emails/<template>.{subject.txt,txt,html}, store the message and ring the worker on commit.

    It is sent at once, or at `due_at`.

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
    return queue_message(kind=kind, to=to, subject=subject, message=mail.as_bytes(message), due_at=due_at)


def _on_the_wire(address: str) -> str:
    """The address in ASCII; one that cannot be is left to be refused, so that staff see it among what failed."""
    try:
        return mail.ascii_address(address)
    except ValueError:
        return address


def queue_message(*, kind: str, to: str, subject: str, message: bytes, due_at: datetime | None = None) -> OutgoingMail:
    """Store a ready-made message (CRLF lines) for one recipient and ring the worker on commit."""
    row = OutgoingMail.objects.create(
        kind=kind, recipient=_on_the_wire(to), subject=subject[:250], message=message, due_at=due_at or timezone.now()
    )
    doorbell.ring("core.tasks.send_outgoing_mail")
    return row


def _compose(*, to: str, subject: str, text: str, html: str) -> EmailMessage:
    if len(to.splitlines()) > 1:
        raise ValueError("An address cannot contain a line break.")
    message = EmailMessage(policy=email.policy.SMTP)  # as_bytes() unfolds the headers; bodies keep short lines
    message["From"] = mail.address_header(one_line(SiteProfile.current().name), settings.DEFAULT_FROM_EMAIL)
    message["To"] = _on_the_wire(to)
    message["Subject"] = subject
    message["Date"] = email.utils.format_datetime(timezone.now())
    message["Message-ID"] = email.utils.make_msgid(domain=urlsplit(settings.SITE_URL).hostname)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(css_inline.inline(html), subtype="html", cte="quoted-printable")
    return message


def send_due(*, now: datetime | None = None) -> int:
    """Send what is due, a batch at a time, until nothing is; return how many were accepted."""
    accepted = 0
    with closing(mail.open_session()) as session:
        while batch := OutgoingMail.objects.claim(limit=BATCH, now=now):
            accepted += _send_batch(session, batch)
    return accepted


def _send_batch(session: mail.Session, rows: Sequence[OutgoingMail]) -> int:
    """Send messages one after the other, and settle each by itself. A batch may outlast its lease, so each renews its own."""
    accepted, waiting = 0, iter(rows)
    for row in waiting:
        if not row.renew():
            continue  # another process has claimed it since
        outcome = _send(session, row)
        if outcome.status is Status.ACCEPTED:
            accepted += row.succeed()
        elif outcome.status is Status.UNSENT:  # the others would only meet the same silence
            for each in (row, *waiting):
                each.fail(outcome.note)
        else:
            row.fail(outcome.note, for_good=outcome.status is Status.REFUSED)
    return accepted


def _send(session: mail.Session, row: OutgoingMail) -> Outcome:
    try:
        return session.send(Envelope(settings.DEFAULT_FROM_EMAIL, row.recipient, wire_data(bytes(row.message))))
    except Exception:
        logger.exception("Mail %s could not be sent for an error of our own", row.pk)
        return Outcome(Status.DEFERRED, "An error of our own stopped it; see the worker's log.")


def delete_old(*, now: datetime | None = None) -> int:
    """Delete mail that was sent long ago, or was given up and holds an address."""
    now = now or timezone.now()
    failed = batches.delete(OutgoingMail.objects.failed().filter(settled_at__lt=now - FAILED_KEPT_FOR))
    return failed + batches.delete(OutgoingMail.objects.settled().filter(created_at__lt=now - KEPT_FOR))


def forget(address: str) -> int:
    """Delete what waits for an address or was given up, but for what goes to the accounts of staff; return how many."""
    to_readers = OutgoingMail.objects.exclude(kind__startswith="core.")
    return to_readers.filter(recipient__iexact=address).delete()[0]
