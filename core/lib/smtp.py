"""SMTP sessions: messages sent one after the other over one connection, each with an outcome.

Where the server offers PIPELINING (RFC 2920), a message costs one round trip, since its envelope travels with the message
before it. An outcome is a value and not an exception: a briefing has thousands of them.
"""

import math
import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from core.lib import talks, tls, tracing
from core.lib.talks import Talk, Wait
from core.lib.text import without_addresses

REPLY_SECONDS = 30.0  # how long to wait for each reply; EMAIL_URL may say ?timeout=…, up to the longest
LONGEST_REPLY_SECONDS = 60.0
SEND_SECONDS = 180.0  # with the last reply, less than a lease, which must not run out before the outcome is written
LONGEST_LINE = 2000
_GOES_ON = (b"250 ", b"354 ")
_AWAITED = re.compile(rb"250 .*\n250 .*\n354 .*\n")  # the replies to an envelope, as they nearly always are
_SO_FAR = re.compile(rb"(?:250 .*\n){0,2}.{0,%d}" % LONGEST_LINE)  # what those may begin with
_ADDRESS = re.compile(r"[!-;=?-~]+")  # what fits between < and > of a command


class Status(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # worth another try: a 4xx reply, or the connection was lost before the message was complete
    REFUSED = "refused"  # for good: a 5xx reply
    UNCERTAIN = "uncertain"  # the connection was lost after the final dot, so nobody here can know (RFC 1047)
    UNSENT = "unsent"  # the server cannot be used at all, whatever the message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, and what the server said about it."""

    status: Status
    note: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message for one recipient; `data` is what follows the DATA command (see wire_data)."""

    sender: str
    recipient: str
    data: bytes


def wire_data(message: bytes) -> bytes:
    """A message (CRLF lines) as it follows DATA: leading dots doubled, a single dot at the end (RFC 5321, 4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def message_of(data: bytes) -> bytes:
    """The message that `wire_data` was made from."""
    return re.sub(rb"(?m)^\.\.", b".", data.removesuffix(b".\r\n"))


ACCEPTED = Outcome(Status.ACCEPTED)


class _Unusable(Exception):
    """The server cannot be used; the text says why, to staff."""


class SmtpSession:
    """One SMTP connection, opened at the first message and again after it breaks.

    `url` is smtp://user:password@host:port, smtps:// for TLS from the start, smtp+tls:// for STARTTLS. A message that is
    not on its way after `patience` seconds is put off. Raises ValueError for an address that cannot be used.
    """

    def __init__(self, url: str, *, patience: float = SEND_SECONDS, longest_reply: float = LONGEST_REPLY_SECONDS):
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        self.host, self.scheme = parts.hostname or "localhost", parts.scheme
        self.port = parts.port or {"smtps": 465, "smtp+ssl": 465, "smtp+tls": 587}.get(self.scheme, 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.patience, self.until = patience, 0.0
        self.timeout = min(float(options.get("timeout", [REPLY_SECONDS])[0]), longest_reply)
        if not self.timeout > 0:
            raise ValueError("A timeout is a number of seconds, more than 0.")
        self.client: Any = None  # smtplib.SMTP, whose socket the type stubs do not know
        self.received, self.written = b"", 0  # of replies, not read yet; of the message that is sent
        self.announced: Envelope | None = None  # its commands were written along with the message before it
        self.pipelining = self.is_encrypted = self.needs_reset = self.sender_accepted = False

    def send(self, envelope: Envelope, following: Envelope | None = None) -> Outcome:
        """Send one message; `following` is the one that will be sent next, if that is known already."""
        return talks.held(self, self.sending(envelope, following))

    def close(self) -> None:
        talks.held(self, self.leaving())

    def sending(self, envelope: Envelope, following: Envelope | None = None) -> Talk[Outcome]:
        """As `send`, beside other sessions."""
        deadline = time.monotonic() + self.patience
        try:
            with tracing.leaf("SMTP message", server_address=self.host):
                refusal = None if self._awaits(envelope) else (yield from self._offer(envelope))
                return refusal or (yield from self._transmit(envelope, following, deadline))
        except _Unusable as error:
            return Outcome(Status.UNSENT, str(error))
        except Exception:
            self._drop()  # nobody knows where the conversation stands
            raise

    def leaving(self) -> Talk[None]:
        """As `close`, beside other sessions."""
        if self.client and not self.announced:
            with suppress(OSError):
                yield from self._command("QUIT\r\n")
        self._drop()

    def open(self) -> None:
        client = self._opened()
        self.pipelining, self.received = client.has_extn("pipelining"), b""
        if client.sock:
            self.is_encrypted = isinstance(client.sock, ssl.SSLSocket)
            client.sock.setblocking(False)
        self.client = client

    def fileno(self) -> int:
        return int(self.client.sock.fileno())

    def _awaits(self, envelope: Envelope) -> bool:
        """Whether the server has said already that it waits for this message."""
        if self.announced is not envelope or not (said := _AWAITED.match(self.received)):
            return False
        self.received, self.announced, self.sender_accepted = self.received[said.end() :], None, True
        return True

    def _comes_to_await(self, envelope: Envelope) -> Talk[bool]:
        """Whether the replies to what was announced are the usual ones; if not, they are still to be read one by one."""
        self.until = time.monotonic() + self.timeout
        while not (awaits := self._awaits(envelope)) and _SO_FAR.fullmatch(self.received):
            yield from self._receive()
        return awaits

    def _offer(self, envelope: Envelope) -> Talk[Outcome | None]:
        """Give the server the envelope: None once it waits for the message. A connection that has ended is opened anew."""
        if not _is_sendable(envelope):
            return Outcome(Status.REFUSED, "SMTP cannot carry this address.")
        fresh = self.client is None
        try:
            return (yield from self._negotiate(envelope))
        except OSError as error:
            self._drop()
            if fresh and not self.sender_accepted:
                raise _Unusable(f"The mail server ended the session: {error}") from error
            if fresh:  # it may be this recipient that ends sessions, and then it must not be the first again next time
                return Outcome(Status.DEFERRED, f"The mail server ended the session: {error}")
        return (yield from self._offer(envelope))

    def _negotiate(self, envelope: Envelope) -> Talk[Outcome | None]:
        yield from self._connect()
        self.sender_accepted = False
        if self.announced is envelope and (yield from self._comes_to_await(envelope)):
            return None
        if self.needs_reset:
            yield from self._command("RSET\r\n")
            self.needs_reset = False
        commands = _commands(envelope)
        if self.pipelining and self.announced is not envelope:
            yield from self._write("".join(commands).encode())
        self.announced = None
        refusal = None
        for command in commands:
            code, text = yield from self._reply() if self.pipelining else self._command(command)
            if refusal is None and not _goes_on(command, code):
                if command.startswith("MAIL"):
                    self._drop()
                    raise _Unusable(f"The mail server refuses the sender {envelope.sender}: {code} {text}")
                refusal, self.needs_reset = _refused(code, text), True
                if not self.pipelining:
                    break
            elif code == 250 and command.startswith("MAIL"):
                self.sender_accepted = True
            elif refusal and code == 354:
                # DATA was accepted though nobody is to get it: an empty message ends it (RFC 2920, 3.1).
                yield from self._command(".\r\n")
        return refusal

    def _transmit(self, envelope: Envelope, following: Envelope | None, deadline: float) -> Talk[Outcome]:
        announcement = b""
        if following and self.pipelining and _is_sendable(following):
            announcement = "".join(_commands(following)).encode()
        self.written = 0
        try:
            if self.is_encrypted:  # which counts only what it has written whole: the final dot may not be in its midst
                yield from self._write(envelope.data, deadline=deadline)
                yield from self._write(announcement)
            else:
                yield from self._write(envelope.data + announcement, deadline=deadline)
            code, text = yield from self._reply(final=True)
        except OSError as error:
            self._drop()
            if self.written < len(envelope.data):  # so the final dot is not out, and the message is void
                return Outcome(Status.DEFERRED, f"The connection was lost: {error}")
            return Outcome(Status.UNCERTAIN, f"The connection was lost after the message was sent: {error}")
        self.announced = following if announcement else None
        if code == 421:
            self._drop()
        return ACCEPTED if code == 250 else _refused(code, text)

    def _connect(self) -> Talk[None]:
        if self.client:
            return
        server = f"The mail server {self.host}:{self.port}"
        try:
            yield Wait.OPENING
        except (smtplib.SMTPException, OSError) as error:
            raise _Unusable(f"{server} cannot be used: {error}") from error
        except UnicodeError as error:  # whose text quotes the password
            reason = "its name, the user or the password has letters that cannot be sent"
            raise _Unusable(f"{server} cannot be used: {reason}.") from error

    def _opened(self) -> smtplib.SMTP:
        if self.scheme in ("smtps", "smtp+ssl"):
            client: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=tls.trusted())
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        client.ehlo_or_helo_if_needed()
        if self.scheme == "smtp+tls":
            client.starttls(context=tls.trusted())
            client.ehlo()
        if self.user:
            client.login(self.user, self.password)
        if client.sock:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def _command(self, line: str) -> Talk[tuple[int, str]]:
        yield from self._write(line.encode())
        return (yield from self._reply())

    def _write(self, data: bytes, *, deadline: float = math.inf) -> Talk[None]:
        """Write all of it; `written` grows by what is out."""
        left = memoryview(data)
        while left:
            if time.monotonic() > deadline:
                raise TimeoutError(f"it took more than {self.patience:g} seconds")
            try:
                count = self.client.sock.send(left)
                self.written, left = self.written + count, left[count:]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                self.until = min(time.monotonic() + self.timeout, deadline)
                yield Wait.READ if isinstance(error, ssl.SSLWantReadError) else Wait.WRITE

    def _reply(self, *, final: bool = False) -> Talk[tuple[int, str]]:
        """Read one reply. Raises ConnectionError at the end of the session, which 421 announces."""
        self.until = time.monotonic() + self.timeout
        lines: list[bytes] = []
        while True:
            line = yield from self._line()
            if line[:4] in _GOES_ON and not lines:
                return int(line[:3]), ""  # as nearly all are, and nobody reads their words
            if not line[:3].isdigit():
                raise ConnectionError(f"unreadable answer {without_addresses(repr(line[:60]))}")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                break
        code, text = int(line[:3]), without_addresses(b" ".join(lines).decode(errors="replace"))
        if code == 421 and not final:
            raise ConnectionError(f"421 {text}")
        return code, text

    def _line(self) -> Talk[bytes]:
        while not (end := self.received.find(b"\n") + 1):
            if len(self.received) > LONGEST_LINE:
                raise ConnectionError("unreadable answer: a line without an end")
            yield from self._receive()
        line, self.received = self.received[:end], self.received[end:]
        return line

    def _receive(self) -> Talk[None]:
        """Read what has come, or nothing if that was only a part of what TLS needs."""
        if not (self.is_encrypted and self.client.sock.pending()):
            yield Wait.READ
        try:
            chunk = self.client.sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except ssl.SSLWantWriteError:
            yield Wait.WRITE
            return
        if not chunk:
            raise ConnectionError("the mail server closed it")
        self.received += chunk

    def _drop(self) -> None:
        if self.client:
            self.client.close()
        self.client = self.announced = None
        self.needs_reset = False


def _is_sendable(envelope: Envelope) -> bool:
    return bool(_ADDRESS.fullmatch(envelope.sender) and _ADDRESS.fullmatch(envelope.recipient))


def _commands(envelope: Envelope) -> list[str]:
    return [f"MAIL FROM:<{envelope.sender}>\r\n", f"RCPT TO:<{envelope.recipient}>\r\n", "DATA\r\n"]


def _goes_on(command: str, code: int) -> bool:
    return code == 354 if command.startswith("DATA") else code in (250, 251)


def _refused(code: int, text: str) -> Outcome:
    return Outcome(Status.REFUSED if 500 <= code < 600 else Status.DEFERRED, f"{code} {text}"[:500])
