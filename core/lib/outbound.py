"""HTTP to addresses that people typed: on the public internet only, bounded in time, without following redirects."""

import queue
import socket
import threading
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from core.lib import tls
from core.lib.networks import is_public

CONNECT_SECONDS = 4.0
REQUEST_SECONDS = 10.0
ANSWER_BYTES = 2_000


class NotReached(Exception):
    """Nothing came back from an address; the message says why."""


class Unreachable(NotReached):
    """Nothing at that host answers."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the beginning of the text, and of a redirect where it leads."""

    status: int
    text: str
    location: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def request(
    address: str,
    *,
    method: str = "POST",
    body: bytes,
    headers: dict[str, str],
    private_hosts: bool = False,
    seconds: float = REQUEST_SECONDS,
) -> Answer:
    """Send one request and take its answer, whatever its status; a redirect is an answer, too. Raises NotReached."""
    parts = parts_of(address)
    with closing(connection_to(parts, private_hosts=private_hosts)) as connection:
        alarm = threading.Timer(seconds, _hang_up, [connection.sock])  # however slowly it trickles
        alarm.start()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body=body, headers={"User-Agent": "Moonpress", **headers})
            response = connection.getresponse()
            text = response.read(ANSWER_BYTES).decode(errors="replace")
            return Answer(response.status, text, response.headers.get("Location", ""))
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"the connection failed: {error or type(error).__name__}") from None
        finally:
            alarm.cancel()


def _hang_up(opened: socket.socket) -> None:
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it ended meanwhile


def parts_of(address: str) -> SplitResult:
    """An http address taken apart. Raises NotReached."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise NotReached("it is no http address")
    return parts


def connection_to(parts: SplitResult, *, private_hosts: bool = False) -> HTTPConnection:
    """An open connection to an address that was checked, so that a name cannot change its mind in between."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = _resolved(host, port)
    if not private_hosts and not all(is_public(str(entry[4][0])) for entry in found):
        raise NotReached("its host is not on the public internet")
    try:
        socket_ = _connected([str(entry[4][0]) for entry in found], port)
        if parts.scheme == "http":
            connection = HTTPConnection(host, port)
        else:
            connection = HTTPSConnection(host, port, context=tls.trusted())
            socket_ = tls.trusted().wrap_socket(socket_, server_hostname=host)
    except (OSError, ValueError) as error:
        raise Unreachable(f"the connection failed: {error or type(error).__name__}") from None
    connection.sock = socket_
    return connection


def _connected(addresses: list[str], port: int) -> socket.socket:
    """A connection to the first of a host's addresses that takes it; a host without IPv6 may still have one."""
    *others, last = dict.fromkeys(addresses)
    for address in others[:2]:
        try:
            return socket.create_connection((address, port), CONNECT_SECONDS)
        except OSError:
            pass
    return socket.create_connection((last, port), CONNECT_SECONDS)


def _resolved(host: str, port: int) -> list[Any]:
    """The addresses of a host. Asking has no time limit of its own, so a thread that nobody waits for asks."""
    answers: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            answers.put([])

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        found = []
    if not found:
        raise Unreachable("its host is not known")
    return found
