"""Mail sessions, by SMTP or into .eml files where no server is named; Django's backend on them; headers and bytes of mail."""

import email.message
import email.policy
import math
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from email.header import Header
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.lib.networks import ascii_host
from core.lib.smtp import Envelope, Outcome, SmtpSession, Status, message_of, wire_data
from core.lib.talks import Talk, Talker


class _WirePolicy(email.policy.EmailPolicy):
    """Headers as they leave. Those in ASCII are not folded, since the standard library would make encoded words of long links;
    in the others it makes words of any length, which RFC 2047 (2) allows 75 characters."""

    def fold(self, name: str, value: Any) -> str:
        text = str(value)
        if not text.isascii():
            addresses = getattr(value, "addresses", None)
            text = ", ".join(_mailbox(each) for each in addresses) if addresses else encoded(text, name)
        return f"{name}: {text}\r\n"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")


POLICY = _WirePolicy(linesep="\r\n")


def encoded(words: str, header: str) -> str:
    """Words as they stand in a header: plain, or as encoded words that are short enough, a line for each."""
    if words.isascii():
        return words
    return Header(words, "utf-8", maxlinelen=75, header_name=header).encode(linesep="\r\n")


def _mailbox(address: Any) -> str:
    return f"{encoded(address.display_name, 'From')} <{encoded(address.addr_spec, 'From')}>".lstrip()


def ascii_address(address: str) -> str:
    """An address with its domain as DNS has it (A-labels, RFC 5891). Raises ValueError where it has none in ASCII."""
    name, at, domain = address.rpartition("@")
    if address.isascii():
        return address
    if not name.isascii():
        raise ValueError(f"Mail servers cannot be relied on to take letters outside ASCII before the @: {address}")
    return f"{name}{at}{ascii_host(domain)}"


class Sender(NamedTuple):
    """From whom mail is, and who gets the answers to it. Parts may be empty."""

    name: str = ""
    address: str = ""
    reply_to: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address

    def or_else(self, other: "Sender") -> "Sender":
        """The same, with the other's parts where its own are empty."""
        return Sender(*(own or others for own, others in zip(self, other, strict=True)))


class DeliveryFailure(Exception):
    """A message was not accepted; the text says what the other side answered."""


class Session(Talker, Protocol):
    """Sends messages one after the other. `following` is the next one, so that its envelope can travel along."""

    def send(self, envelope: Envelope, following: Envelope | None = None) -> Outcome: ...

    def close(self) -> None: ...

    def sending(self, envelope: Envelope, following: Envelope | None = None) -> Talk[Outcome]:
        """As `send`, beside other sessions."""

    def leaving(self) -> Talk[None]:
        """As `close`, beside other sessions."""


def open_session(address: str = "") -> Session:
    """The way out that an address names, or else EMAIL_URL, or files where there is none."""
    address = address or settings.EMAIL_URL
    return SmtpSession(address) if address else FileSession(settings.EMAIL_OUTBOX)


class FileSession:
    """Puts each message into a file of its own, complete or not at all. It waits for nobody."""

    until = math.inf

    def __init__(self, folder: Path):
        self.folder = folder

    def send(self, envelope: Envelope, following: Envelope | None = None) -> Outcome:
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
        addresses = f"X-Envelope-From: {envelope.sender}\r\nX-Envelope-To: {envelope.recipient}\r\n".encode()
        partial = self.folder / f".{name}.partial"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(addresses + message_of(envelope.data))
            partial.rename(self.folder / f"{name}.eml")
        except OSError as error:
            return Outcome(Status.UNSENT, f"Cannot write to {self.folder}: {error.strerror}.")
        return Outcome(Status.ACCEPTED)

    def close(self) -> None:
        """Nothing stays open."""

    def open(self) -> None:
        """Nor is anything opened."""

    def fileno(self) -> int:
        return -1

    def sending(self, envelope: Envelope, following: Envelope | None = None) -> Talk[Outcome]:
        yield from ()
        return self.send(envelope, following)

    def leaving(self) -> Talk[None]:
        yield from ()


class EmailBackend(BaseEmailBackend):
    """Django's own mail (password resets, error reports) by the same way out."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with closing(open_session()) as session:
            return sum(self._send(session, message) for message in email_messages)

    def _send(self, session: Session, message: EmailMessage) -> bool:
        data = wire_data(message.message().as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        for recipient in message.recipients():
            outcome = session.send(Envelope(parseaddr(message.from_email)[1], parseaddr(recipient)[1], data))
            if outcome.status is not Status.ACCEPTED:
                if self.fail_silently:
                    return False
                raise DeliveryFailure(outcome.note)
        return True


def as_bytes(message: email.message.EmailMessage) -> bytes:
    """A message as it goes over the wire, its lines ending in CRLF and no header folded."""
    return message.as_bytes(policy=POLICY)


def address_header(name: str, address: str) -> str:
    """`Name <address>`, refusing line breaks, which would smuggle in headers."""
    if len((name + address).splitlines()) > 1:
        raise ValueError("A name or address cannot contain a line break.")
    return formataddr((name, address)) if name else address
