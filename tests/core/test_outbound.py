"""Requests to addresses that somebody typed stay on the public internet, and end."""

import socket
import threading
import time

import pytest

from core.lib.networks import is_public
from core.lib.outbound import NotReached, Unreachable, request


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_that_are(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "169.254.169.254"])
def test_a_private_host_is_not_asked_however_it_is_written(http_server, host):
    with pytest.raises(NotReached):
        request(f"http://{host}:{http_server.port}/", body=b"", headers={})
    assert http_server.requests == []


def test_a_redirect_is_an_answer_and_not_followed(http_server):
    http_server.answers, http_server.headers = [302], {"Location": "/elsewhere"}
    assert request(http_server.url, body=b"x", headers={}, private_hosts=True).status == 302
    assert [asked.path for asked in http_server.requests] == ["/"]


def test_an_answer_that_trickles_is_cut_off():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_trickle, args=[server], daemon=True).start()
        began = time.monotonic()
        with pytest.raises(Unreachable):
            request(
                f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"", headers={}, private_hosts=True, seconds=0.5
            )
        assert time.monotonic() - began < 3


def _trickle(server):
    connection, _ = server.accept()
    with connection:
        try:
            for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000:
                connection.send(bytes([letter]))
                time.sleep(0.05)
        except OSError:
            pass
