"""Transactional mail: queued as a row in the caller's transaction, and sent by the worker, which tries for hours.

The row holds the message; or, for kinds that say so, what it is about, and the worker composes the message as it sends it.
"""

import email.policy
import email.utils
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from core import doorbell
from core.lib import batches, mail
from core.lib.mail import Sender
from core.lib.smtp import Envelope, Outcome, Status, wire_data
from core.lib.text import one_line
from core.models import OutgoingMail, SiteProfile

logger = logging.getLogger(__name__)

BATCH = 20
KEPT_FOR = timedelta(days=30)
FAILED_KEPT_FOR = timedelta(days=7)  # with the address, which is there to be looked at

# Who sees which mail in the admin: by application, which is the first part of a kind, the permission it takes
_seen_with: dict[str, str] = {}

Context = dict[str, Any]
# Kinds whose messages are composed as they are sent: the template, and what makes its context of what a message is about and of
# whom it is to
_composed_later: dict[str, tuple[str, Callable[[int, str], Context | None]]] = {}
_QUEUE_LETTERS = """
    INSERT INTO core_outgoingmail
        (kind, recipient, about, due_at, created_at, give_up_at, state, attempts, subject, message, error)
    SELECT letter.*, statement_timestamp(), statement_timestamp() + interval '{patience} seconds', 'queued', 0, '', '', ''
    FROM ({letters}) AS letter (kind, recipient, about, due_at)
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is composed as it is sent."""

    to: str
    about: int
    due_at: datetime


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


def register_kind(kind: str, *, template: str, context: Callable[[int], Context | None]) -> None:
    """Have the messages of a kind composed as they are sent. `context` gives None where nothing is left to be said."""
    register_addressed_kind(kind, template=template, context=lambda about, _to: context(about))


def register_addressed_kind(kind: str, *, template: str, context: Callable[[int, str], Context | None]) -> None:
    """The same, where what is said depends on the address, too: as a link that must not stand beside it until it is sent."""
    _composed_later[kind] = template, context


def queue_mail(
    *,
    template: str,
    to: str,
    context: Context,
    kind: str,
    due_at: datetime | None = None,
    unsubscribe: str = "",
    sender: Sender | None = None,
) -> OutgoingMail:
    """Render templates/emails/<template>.{subject.txt,txt,html}, store the message and ring the worker on commit.

    What the context has as "attachments" (name, type, content) goes with it. It is sent at once, or at `due_at`. `unsubscribe` is where a POST ends such mail, for the button that mail programs show
    (RFC 8058). It is from the site, which takes no answers, or else from a `sender`, whose empty parts are the site's own.

    Raises ValueError when the address holds a line break.
    """
    subject, message = _composed(template, to=to, context=context, unsubscribe=unsubscribe, sender=sender)
    return queue_message(kind=kind, to=to, subject=subject, message=message, due_at=due_at)


def queue_message(*, kind: str, to: str, subject: str, message: bytes, due_at: datetime | None = None) -> OutgoingMail:
    """Store a ready-made message (CRLF lines) for one recipient and ring the worker on commit."""
    row = OutgoingMail.objects.create(
        kind=kind, recipient=on_the_wire(to), subject=subject[:250], message=message, due_at=due_at or timezone.now()
    )
    ring()
    return row


def queue_letters(kind: str, letters: Sequence[Letter]) -> None:
    """Store messages that are composed as they are sent, and ring the worker on commit."""
    rows = [(kind, on_the_wire(each.to), each.about, each.due_at) for each in letters]
    given = "SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[])"
    with connection.cursor() as cursor:
        cursor.execute(queueing(given), [list(column) for column in zip(*rows, strict=True)])
    ring()


def queueing(letters: str) -> str:
    """The statement that stores the letters a query gives (kind, recipient, about, due at), to be part of a larger one.

    The recipients are as `on_the_wire` has them, and whoever runs it has to `ring`.
    """
    return _QUEUE_LETTERS.format(letters=letters, patience=int(OutgoingMail.PATIENCE.total_seconds()))


def ring() -> None:
    """Have the worker send on commit what is due."""
    doorbell.ring("core.tasks.send_outgoing_mail", at_most_every=1)


def on_the_wire(address: str) -> str:
    """The address in ASCII; one that cannot be is left to be refused, so that staff see it among what failed."""
    try:
        return mail.ascii_address(address)
    except ValueError:
        return address


def composed(row: OutgoingMail) -> tuple[str, bytes] | None:
    """The subject of a message that waits, and the message; None where there is nothing left to be said."""
    if row.about is None:
        return row.subject, bytes(row.message)
    template, context_of = _composed_later[row.kind]
    context = context_of(row.about, row.recipient)
    return None if context is None else _composed(template, to=row.recipient, context=context)


def _composed(
    template: str, *, to: str, context: Context, unsubscribe: str = "", sender: Sender | None = None
) -> tuple[str, bytes]:
    context = {"site": SiteProfile.current(), "site_url": settings.SITE_URL, **context}
    subject = one_line(render_to_string(f"emails/{template}.subject.txt", context))
    text, html = (render_to_string(f"emails/{template}.{form}", context) for form in ("txt", "html"))
    message = compose(to=to, subject=subject, text=text, html=html, sender=sender)
    for name, kind, content in context.get("attachments", ()):
        message.add_attachment(content, *kind.split("/"), filename=name)
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return subject[:250], mail.as_bytes(message)


def site_sender() -> Sender:
    """From whom mail is that says nothing else, and who answers it."""
    site = SiteProfile.current()
    return Sender(one_line(site.name), settings.DEFAULT_FROM_EMAIL, site.contact_email)


def compose(*, to: str, subject: str, text: str, html: str, sender: Sender | None = None) -> EmailMessage:
    """A message of the site, or a sender, to one recipient. Raises ValueError when an address holds a line break."""
    if len(to.splitlines()) > 1:
        raise ValueError("An address cannot contain a line break.")
    message = EmailMessage(policy=email.policy.SMTP)  # as_bytes() unfolds the headers; bodies keep short lines
    given = sender.or_else(site_sender()) if sender else site_sender()._replace(reply_to="")
    message["From"] = mail.address_header(given.name, mail.ascii_address(given.address))
    if given.reply_to:
        message["Reply-To"] = mail.ascii_address(given.reply_to)
    message["To"] = on_the_wire(to)
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
        if outcome is None:
            row.drop()
        elif outcome.status is Status.ACCEPTED:
            accepted += row.succeed(subject=row.subject)
        elif outcome.status is Status.UNSENT:  # the others would only meet the same silence
            for each in (row, *waiting):
                each.fail(outcome.note)
        else:
            row.fail(outcome.note, for_good=outcome.status is Status.REFUSED)
    return accepted


def _send(session: mail.Session, row: OutgoingMail) -> Outcome | None:
    """What came of a message; None where there was nothing left to be said."""
    try:
        if (ready := composed(row)) is None:
            return None
        row.subject, message = ready
        return session.send(Envelope(settings.DEFAULT_FROM_EMAIL, row.recipient, wire_data(message)))
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
