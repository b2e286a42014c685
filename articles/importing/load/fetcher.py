"""Fetching of pictures from other sites: public addresses only, limited in time and size."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from urllib.parse import SplitResult, urljoin

from core.lib.outbound import NotReached as NotFetched
from core.lib.outbound import Unreachable, connection_to, parts_of

__all__ = ["Fetcher", "NotFetched", "Unreachable"]

TOTAL_SECONDS = 25.0
MAX_REDIRECTS = 4
AT_ONCE = 6
GIVE_UP_AFTER = 8


class Fetcher:
    """Fetches pictures. A host that does not answer is not asked again; if the first eight do not, no host is."""

    def __init__(self, *, max_bytes: int, enabled: bool = True, private_hosts: bool = False) -> None:
        self.max_bytes = max_bytes
        self.enabled = enabled
        self.private_hosts = private_hosts
        self._dead: dict[str, str] = {}
        self._any_answered = False

    def fetch_all(self, addresses: list[str]) -> dict[str, bytes | NotFetched]:
        """Several pictures at once, each as its bytes or the reason why it was not fetched."""
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
            parts = parts_of(address)
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
            with closing(connection_to(parts, private_hosts=self.private_hosts)) as connection:
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
            raise NotFetched(f"it is {kind}, not a picture")
        body = bytearray()
        while chunk := response.read(65_536):
            body += chunk
            if len(body) > self.max_bytes:
                raise NotFetched(f"it is larger than {self.max_bytes >> 20} MB")
            if time.monotonic() > deadline:
                raise NotFetched(f"it took longer than {TOTAL_SECONDS:.0f} s")
        return bytes(body)
