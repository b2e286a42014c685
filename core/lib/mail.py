"""Mail on the wire: ready-made messages over SMTP, or into .eml files where no SMTP server is named."""

import email.message
import email.policy
import email.utils
import smtplib
import socket
import ssl
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

# Long header values (links) must not be folded into encoded words, so no header is folded by length.
POLICY = email.policy.SMTP.clone(max_line_length=0)


class DeliveryFailure(Exception):
    """A message was not accepted; the text says what the other side answered."""


class TransientFailure(DeliveryFailure):
    """Worth another try: a 4xx answer, or the connection was lost before the message was complete."""


class PermanentFailure(DeliveryFailure):
    """Refused for good: a 5xx answer."""


class UncertainOutcome(DeliveryFailure):
    """The connection was lost after the final dot: nobody here can know (RFC 1047)."""


class Transport(Protocol):
    """Carries one ready-made message (bytes with CRLF) to one recipient, or raises a DeliveryFailure."""

    def send(self, sender: str, recipient: str, message: bytes) -> None: ...

    def close(self) -> None: ...


class FileTransport:
    """Puts each message into a file of its own, complete or not at all."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
        envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {recipient}\r\n".encode()
        partial = self.folder / f".{name}.partial"
        partial.write_bytes(envelope + message)
        partial.rename(self.folder / f"{name}.eml")

    def close(self) -> None:
        pass


class SmtpTransport:
    """One SMTP connection, opened at the first message and again after it breaks.

    `url` is smtp://user:password@host:port, smtps:// for TLS from the start, smtp+tls:// for STARTTLS.
    """

    def __init__(self, url: str):
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        self.host, self.scheme = parts.hostname or "localhost", parts.scheme
        self.port = parts.port or {"smtps": 465, "smtp+ssl": 465, "smtp+tls": 587}.get(self.scheme, 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.timeout = float(options.get("timeout", ["30"])[0])
        self.client: smtplib.SMTP | None = None

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        client = self._connected()
        try:
            self._expect(client.mail(sender), 250)
            self._expect(client.rcpt(recipient), 250)
            self._expect(client.docmd("DATA"), 354)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._drop()
            raise TransientFailure(f"The connection was lost: {error}") from error
        self._transmit(client, message)

    def close(self) -> None:
        if self.client:
            try:
                self.client.quit()
            except (smtplib.SMTPException, OSError):
                pass
            self.client = None

    def _transmit(self, client: smtplib.SMTP, message: bytes) -> None:
        body = smtplib._quote_periods(message)  # type: ignore[attr-defined]
        body += b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            client.send(body)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._drop()  # Not all of it left this machine, so the final dot, which comes last, did not.
            raise TransientFailure(f"The connection was lost: {error}") from error
        try:
            code, answer = client.getreply()
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._drop()
            raise UncertainOutcome(f"The connection was lost after the message was sent: {error}") from error
        if code != 250:
            self._refuse(code, answer)

    def _connected(self) -> smtplib.SMTP:
        if self.client is None:
            try:
                self.client = self._open()
            except (smtplib.SMTPException, OSError) as error:
                raise TransientFailure(f"Cannot reach {self.host}:{self.port}: {error}") from error
        return self.client

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.scheme in ("smtps", "smtp+ssl"):
            client: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        client.ehlo_or_helo_if_needed()
        if self.scheme == "smtp+tls":
            client.starttls(context=context)
            client.ehlo()
        if self.user:
            client.login(self.user, self.password)
        if client.sock:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def _expect(self, reply: tuple[int, bytes], expected: int) -> None:
        code, answer = reply
        if code != expected and not (expected == 250 and code == 251):
            self._refuse(code, answer)

    def _refuse(self, code: int, answer: bytes) -> None:
        text = f"{code} {answer.decode(errors='replace')}"
        if code == 421:
            self._drop()
        elif self.client:
            try:
                self.client.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()
        raise PermanentFailure(text) if 500 <= code < 600 else TransientFailure(text)

    def _drop(self) -> None:
        if self.client:
            self.client.close()
            self.client = None


@contextmanager
def open_transport() -> Iterator[Transport]:
    """The way out for mail, as EMAIL_URL says; closed at the end of the block."""
    transport: Transport = (
        SmtpTransport(settings.EMAIL_URL) if settings.EMAIL_URL else FileTransport(settings.EMAIL_OUTBOX)
    )
    try:
        yield transport
    finally:
        transport.close()


class TransportBackend(BaseEmailBackend):
    """Django's own mail (password resets, error reports) by the same way out."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = 0
        with open_transport() as transport:
            for message in email_messages:
                sent += self._send(transport, message)
        return sent

    def _send(self, transport: Transport, message: EmailMessage) -> int:
        data = message.message().as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        try:
            for recipient in message.recipients():
                transport.send(message.from_email, recipient, data)
        except DeliveryFailure:
            if not self.fail_silently:
                raise
            return 0
        return 1


def as_bytes(message: email.message.EmailMessage) -> bytes:
    """A message as it goes over the wire, its lines ending in CRLF and no header folded."""
    return message.as_bytes(policy=POLICY)


def address_header(name: str, address: str) -> str:
    """`Name <address>`, refusing line breaks, which would smuggle in headers."""
    if len((name + address).splitlines()) > 1:
        raise ValueError("A name or address cannot contain a line break.")
    return email.utils.formataddr((name, address)) if name else address
