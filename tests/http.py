"""A real HTTP server that keeps what it was asked, and answers as a test tells it to."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.smtp import free_port, wait_until


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpServer:
    """Its `requests` grow as they come in. `answers` are statuses to give before it goes back to 200."""

    port: int
    requests: list[Asked] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    page: bytes = b""  # what it answers with
    delay: float = 0
    meanwhile: Callable[[], object] | None = None  # called when a request has come in, before it is answered
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append(Asked(self.command, self.path, dict(self.headers), body))
                time.sleep(outer.delay)
                if outer.meanwhile:
                    outer.meanwhile()
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                for name, value in {"Content-Length": str(len(outer.page)), **outer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(outer.page)

            do_GET = do_HEAD = do_POST = do_PURGE = answer  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def wait_for(self, count: int, seconds: float = 30) -> list[Asked]:
        """The requests, once there are that many."""
        wait_until(lambda: len(self.requests) >= count, seconds=seconds, what=f"request {count}")
        return self.requests


@pytest.fixture(scope="session")
def http_port() -> int:
    """Where `http_server` listens, for processes that outlive a test."""
    return free_port()


@pytest.fixture
def http_server(http_port: int) -> Iterator[HttpServer]:
    """A server on the address that the worker knows as the cache in front of the site."""
    server = HttpServer(http_port)
    server.start()
    yield server
    server.stop()
