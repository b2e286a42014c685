"""A real SMTP server that keeps what it was sent, byte for byte, and refuses as a test tells it to."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    """One accepted message as it was on the wire (CRLF, dots unstuffed)."""

    sender: str
    recipients: list[str]
    message: bytes

    @property
    def recipient(self) -> str:
        """Whom it went to, where that was one."""
        (only,) = self.recipients
        return only


@dataclass
class SmtpServer:
    """Its `messages` grow as they come in; `refuse` and `hang_up` script what goes wrong."""

    port: int
    messages: list[Received] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None  # called when a message has come in, before it is answered
    _refusals: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def refuse(self, recipient: str, answer: str, *, at: str = "RCPT", times: int = 1_000_000) -> None:
        """Give this answer (such as "550 5.1.1 No such user") to the recipient, at RCPT or at the end of DATA."""
        self._refusals[recipient, at] = [answer] * min(times, 1000)

    def hang_up(self, recipient: str, *, at: str, times: int = 1) -> None:
        """Close the connection without a word: at RCPT, or at DATA, once the message has come in whole.

        At "DATA" the message is lost; at "ACCEPTED" it is kept, and only the answer to it is lost.
        """
        self._refusals[recipient, at] = [""] * times

    def wait_for(self, count: int, seconds: float = 30) -> list[Received]:
        """The messages, once there are that many."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.messages) >= count, timeout=seconds)
        assert len(self.messages) >= count, f"{len(self.messages)} of {count} messages came in {seconds} s"
        return self.messages

    def to(self, recipient: str) -> list[Received]:
        """What came for one recipient."""
        return [received for received in self.messages if recipient in received.recipients]

    def reset(self) -> None:
        self.messages.clear()
        self._refusals.clear()
        self.meanwhile = None

    # What aiosmtpd calls, in its own thread

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self._scripted(address, "RCPT")) is not None:
            return answer or _close(server)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipients = list(envelope.rcpt_tos)
        for recipient in recipients:
            if (answer := self._scripted(recipient, "DATA")) is not None:
                return answer or _close(server)
        with self._arrived:
            self.messages.append(Received(envelope.mail_from or "", recipients, envelope.original_content or b""))
            self._arrived.notify_all()
        if self.meanwhile:
            await asyncio.get_running_loop().run_in_executor(None, self.meanwhile)
        if any(self._scripted(recipient, "ACCEPTED") is not None for recipient in recipients):
            return _close(server)
        return "250 2.0.0 OK"

    def _scripted(self, recipient: str, at: str) -> str | None:
        answers = self._refusals.get((recipient, at))
        return answers.pop(0) if answers else None


def _close(server: SMTP) -> str:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
    return "421 4.3.0 Closing"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(check: Any, seconds: float = 30, what: str = "it") -> Any:
    """The first true value that `check` gives, asked until then."""
    deadline = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(0.05)
    return value


@pytest.fixture(scope="session")
def _smtp_service() -> Iterator[SmtpServer]:
    service = SmtpServer(free_port())
    controller = Controller(service, hostname="127.0.0.1", port=service.port, enable_SMTPUTF8=True)
    controller.start()
    yield service
    controller.stop()


@pytest.fixture(scope="session")
def smtp_port(_smtp_service: SmtpServer) -> int:
    """Where the session's SMTP server listens, for processes that outlive a test."""
    return _smtp_service.port


@pytest.fixture
def smtp_server(_smtp_service: SmtpServer, settings: Any) -> Iterator[SmtpServer]:
    """An empty SMTP server that EMAIL_URL names, in this process and in the real worker and site."""
    _smtp_service.reset()
    settings.EMAIL_URL = _smtp_service.url
    yield _smtp_service
    _smtp_service.reset()
