"""Clients who send half of what they announce and wait."""

import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

HALF = (
    b"POST /newsletter/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 40\r\n\r\nemail=ada"
)


@pytest.fixture
def halves(live_site):
    """Connections with half a form each: more than the web process has threads."""
    with ExitStack() as stack:
        address = ("127.0.0.1", urlsplit(live_site.url).port)
        sockets = [stack.enter_context(socket.create_connection(address, timeout=20)) for _ in range(40)]
        for each in sockets:
            each.sendall(HALF)
        yield sockets


def test_they_keep_nobody_waiting_and_are_answered_when_they_finish(live_site, halves):
    began = time.monotonic()
    for path in ("/healthz", "/accounts/login/", "/blog/"):
        assert urlopen(f"{live_site.url}{path}", timeout=5).status == 200
    assert time.monotonic() - began < 5
    halves[0].sendall(b"%40example.test&newsletter=all1"[:31])
    assert halves[0].recv(200).split(b"\r\n")[0] == b"HTTP/1.1 403 Forbidden", "a form without its token"
