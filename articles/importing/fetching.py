"""Pictures from other sites, fetched with care: public addresses only, bounded in time and size, never in the way."""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

CONNECT_SECONDS = 4.0
TOTAL_SECONDS = 25.0
MAX_REDIRECTS = 4
AT_ONCE = 6
GIVE_UP_AFTER = 8


class NotFetched(Exception):
    """A picture was not fetched; the message says why."""


class Unreachable(NotFetched):
    """Nothing at that host answers."""


class Fetcher:
    """Fetches pictures. A host that does not answer is not asked again; if the first eight do not, nobody is."""

    def __init__(self, *, max_bytes: int, enabled: bool = True, private_hosts: bool = False) -> None:
        self.max_bytes = max_bytes
        self.enabled = enabled
        self.private_hosts = private_hosts
        self._dead: dict[str, str] = {}
        self._any_answered = False

    def fetch_all(self, addresses: list[str]) -> dict[str, bytes | NotFetched]:
        """Several pictures at once, each as its bytes or as the reason why not."""
        with ThreadPoolExecutor(AT_ONCE, "fetch") as pool:
            return dict(zip(addresses, pool.map(self._outcome, addresses), strict=True))

    def _outcome(self, address: str) -> bytes | NotFetched:
        try:
            return self.fetch(address)
        except NotFetched as reason:
            return reason

    def fetch(self, address: str) -> bytes:
        """The bytes of one picture. Raises NotFetched."""
        if not self.enabled:
            raise NotFetched("not fetched")
        deadline = time.monotonic() + TOTAL_SECONDS
        for _ in range(MAX_REDIRECTS + 1):
            parts = _parts(address)
            host = parts.hostname or ""
            if host in self._dead or (not self._any_answered and len(self._dead) >= GIVE_UP_AFTER):
                raise Unreachable(self._dead.get(host) or "no host answered; is there a network?")
            try:
                answer = self._ask(parts, deadline)
            except Unreachable as reason:
                self._dead[host] = str(reason)
                raise
            self._any_answered = True
            if isinstance(answer, bytes):
                return answer
            address = urljoin(address, answer)
        raise NotFetched("it redirects too often")

    def _ask(self, parts: SplitResult, deadline: float) -> bytes | str:
        """One request: the picture, or the address it redirects to."""
        try:
            with closing(self._connection(parts)) as connection:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("GET", path, headers={"Accept": "image/*", "User-Agent": "Moonpress importer"})
                response = connection.getresponse()
                if response.status in (301, 302, 303, 307, 308) and (location := response.getheader("Location")):
                    return location
                if response.status != 200:
                    raise NotFetched(f"the server answered {response.status}")
                return self._body(response, deadline)
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"the connection failed: {error or type(error).__name__}") from None

    def _body(self, response: HTTPResponse, deadline: float) -> bytes:
        kind = (response.getheader("Content-Type") or "").split(";")[0].strip().lower()
        if kind and not kind.startswith("image/") and kind not in ("application/octet-stream", "binary/octet-stream"):
            raise NotFetched(f"it is no picture but {kind}")
        body = bytearray()
        while chunk := response.read(65_536):
            body += chunk
            if len(body) > self.max_bytes:
                raise NotFetched(f"it is larger than {self.max_bytes >> 20} MB")
            if time.monotonic() > deadline:
                raise NotFetched(f"it took longer than {TOTAL_SECONDS:.0f} s")
        return bytes(body)

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        """A connection to an address that was checked, so that a name cannot change its mind in between."""
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = _resolved(host, port)
        public = all(ipaddress.ip_address(str(entry[4][0]).split("%")[0]).is_global for entry in found)
        if not public and not self.private_hosts:
            raise NotFetched("its host is not on the public internet")
        socket_ = socket.create_connection((str(found[0][4][0]), port), CONNECT_SECONDS)
        if parts.scheme == "http":
            connection = HTTPConnection(host, port)
        else:
            connection = HTTPSConnection(host, port)
            socket_ = ssl.create_default_context().wrap_socket(socket_, server_hostname=host)
        connection.sock = socket_
        return connection


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


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise NotFetched("it is no http address")
    return parts
