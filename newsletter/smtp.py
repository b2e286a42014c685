"""Letters over one SMTP session, in bulk: with PIPELINING (RFC 2920) a message costs one round trip.

What becomes of a letter is an outcome, not an exception, since a pump has thousands of them.
"""

import smtplib
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from core.lib.mail import FileTransport, SmtpTransport
from newsletter.models import Delivery

State = Delivery.State


class RelayUnavailable(Exception):
    """This session can send nothing: no connection, or the server does not serve us. The text is for staff."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for one recipient; `data` has CRLF lines, dots doubled and the final dot when it goes over SMTP."""

    delivery_id: int
    recipient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state a delivery goes to, and what the server said where that matters."""

    state: str
    note: str = ""


class Line(Protocol):
    """A way to send letters one after the other. `ahead` is the next one, so that its envelope can go along."""

    def send(self, letter: Letter, ahead: Letter | None = None) -> Outcome: ...

    def close(self) -> None: ...


def open_line(sender: str) -> Line:
    """The way out that EMAIL_URL names, else files."""
    if settings.EMAIL_URL:
        return SmtpLine(sender, settings.EMAIL_URL)
    return FolderLine(sender, FileTransport(settings.EMAIL_OUTBOX))


class FolderLine:
    """Letters into files, where no mail server is named."""

    def __init__(self, sender: str, transport: FileTransport):
        self.sender, self.transport = sender, transport

    def send(self, letter: Letter, ahead: Letter | None = None) -> Outcome:
        try:
            self.transport.send(self.sender, letter.recipient, letter.data)
        except OSError as error:
            raise RelayUnavailable(f"Cannot write to {self.transport.folder}: {error.strerror}.") from error
        return Outcome(State.SENT)

    def close(self) -> None:
        self.transport.close()


class SmtpLine:
    """One SMTP session, opened at the first letter and again after it breaks."""

    def __init__(self, sender: str, url: str):
        self.sender = sender
        self.transport = SmtpTransport(url)
        self.client: Any = None  # smtplib.SMTP, whose socket and file the type stubs do not tell
        self.offered: Letter | None = None  # its envelope was written along with the letter before it
        self.pipelining = self.needs_reset = self.sender_accepted = False

    def send(self, letter: Letter, ahead: Letter | None = None) -> Outcome:
        """Send one letter. Raises RelayUnavailable, and then the letter has not left this machine."""
        refusal = self._offer(letter)
        return refusal or self._transmit(letter, ahead if self.pipelining else None)

    def close(self) -> None:
        if self.client and not self.offered:
            try:
                self.client.quit()
            except (smtplib.SMTPException, OSError):
                pass
        self._drop()

    def _offer(self, letter: Letter) -> Outcome | None:
        """Give the server the envelope; None once it waits for the message. A session that has ended is opened anew."""
        fresh = self.client is None
        try:
            return self._negotiate(letter)
        except OSError as error:
            self._drop()
            if fresh and not self.sender_accepted:
                raise RelayUnavailable(f"The mail server ended the session: {error}") from error
            if fresh:  # it may be this recipient that ends sessions, so it must not be the first again next time
                return Outcome(State.RETRY, f"The mail server ended the session: {error}")
        return self._offer(letter)

    def _negotiate(self, letter: Letter) -> Outcome | None:
        client = self._connected()
        self.sender_accepted = False
        commands = [f"MAIL FROM:<{self.sender}>\r\n", f"RCPT TO:<{letter.recipient}>\r\n", "DATA\r\n"]
        if self.needs_reset:
            self._command(client, "RSET\r\n")
            self.needs_reset = False
        if self.pipelining and self.offered is not letter:
            _write(client, "".join(commands).encode())
        self.offered = None
        refusal = None
        for command in commands:
            code, text = self._reply(client) if self.pipelining else self._command(client, command)
            if refusal is None and not _goes_on(command, code):
                if command.startswith("MAIL"):
                    self._drop()
                    raise RelayUnavailable(f"The mail server refuses the sender {self.sender}: {code} {text}")
                refusal, self.needs_reset = _refused(code, text), True
                if not self.pipelining:
                    break
            elif code == 250 and command.startswith("MAIL"):
                self.sender_accepted = True
            elif refusal and code == 354:
                # DATA was accepted though nobody is to get it: an empty message ends it (RFC 2920, 3.1).
                self._command(client, ".\r\n")
        return refusal

    def _transmit(self, letter: Letter, ahead: Letter | None) -> Outcome:
        client = self._connected()
        following = f"MAIL FROM:<{self.sender}>\r\nRCPT TO:<{ahead.recipient}>\r\nDATA\r\n" if ahead else ""
        data = memoryview(letter.data + following.encode())
        written = 0
        try:
            while written < len(data):
                written += client.sock.send(data[written:])
            code, text = self._reply(client, final=True)
        except OSError as error:
            self._drop()
            if written < len(letter.data):  # so the final dot is not out, and the message is void
                return Outcome(State.RETRY, f"The connection was lost: {error}")
            return Outcome(State.UNCERTAIN, f"The connection was lost after the message was sent: {error}")
        self.offered = ahead
        if code == 421:
            self._drop()
        return Outcome(State.SENT) if code == 250 else _refused(code, text)

    def _connected(self) -> Any:
        if self.client is None:
            try:
                self.client = self.transport._open()
            except (smtplib.SMTPException, OSError) as error:
                raise RelayUnavailable(
                    f"The mail server {self.transport.host}:{self.transport.port} cannot be used: {error}"
                ) from error
            self.pipelining = self.client.has_extn("pipelining")
            self.client.file = self.client.file or self.client.sock.makefile("rb")
        return self.client

    def _command(self, client: Any, line: str) -> tuple[int, str]:
        _write(client, line.encode())
        return self._reply(client)

    def _reply(self, client: Any, *, final: bool = False) -> tuple[int, str]:
        """Read one answer. Raises ConnectionError at the end of the session, which 421 announces."""
        lines = []
        while True:
            line = client.file.readline(2000)
            if not line.endswith(b"\n") or not line[:3].isdigit():
                raise ConnectionError("the mail server closed it" if not line else f"unreadable answer {line[:60]!r}")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                break
        code, text = int(line[:3]), b" ".join(lines).decode(errors="replace")
        if code == 421 and not final:
            raise ConnectionError(f"421 {text}")
        return code, text

    def _drop(self) -> None:
        if self.client:
            self.client.close()
        self.client = self.offered = None
        self.needs_reset = False


def _goes_on(command: str, code: int) -> bool:
    return code == 354 if command.startswith("DATA") else code in (250, 251)


def _refused(code: int, text: str) -> Outcome:
    return Outcome(State.FAILED if 500 <= code < 600 else State.RETRY, f"{code} {text}"[:500])


def _write(client: Any, data: bytes) -> None:
    client.sock.sendall(data)
