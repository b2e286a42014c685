"""Pictures from other sites are fetched with care."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from articles.importing.load.fetcher import Fetcher, NotFetched, Unreachable


class Host(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/picture.png")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Type", "text/html" if self.path == "/page" else "image/png")
        self.end_headers()
        self.wfile.write(b"x" * (5_000 if self.path == "/large" else 10))

    def log_message(self, *args):
        """Say nothing."""


asked = []


@pytest.fixture
def host():
    asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_picture_is_fetched_through_a_redirect(host):
    assert Fetcher(max_bytes=1000, private_hosts=True).fetch(f"{host}/moved") == b"x" * 10


@pytest.mark.parametrize(("path", "reason"), [("/gone", "404"), ("/page", "text/html"), ("/large", "larger")])
def test_what_is_no_picture_is_not_taken(host, path, reason):
    with pytest.raises(NotFetched, match=reason):
        Fetcher(max_bytes=1000, private_hosts=True).fetch(host + path)


def test_a_private_address_is_never_asked(host):
    for address in (host, "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://localhost/x.png"):
        with pytest.raises(NotFetched, match="not on the public internet"):
            Fetcher(max_bytes=1000).fetch(address)
    assert asked == []


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://x.example/a.png", "https:///a.png", "http://x:99999/"]
)
def test_only_http_addresses_are_asked(address):
    with pytest.raises(NotFetched, match="no http address"):
        Fetcher(max_bytes=1000).fetch(address)


def test_a_host_that_does_not_answer_is_asked_once():
    fetcher = Fetcher(max_bytes=1000, private_hosts=True)
    started = time.monotonic()
    for number in range(50):
        with pytest.raises(Unreachable):
            fetcher.fetch(f"http://127.0.0.1:9/{number}.png")
    assert time.monotonic() - started < 5


def test_when_the_first_hosts_are_silent_nobody_is_asked(host):
    fetcher = Fetcher(max_bytes=1000, private_hosts=True)
    for number in range(2, 10):
        with pytest.raises(Unreachable):
            fetcher.fetch(f"http://127.0.0.{number}:9/a.png")
    with pytest.raises(Unreachable, match="is there a network"):
        fetcher.fetch(f"{host}/picture.png")
    assert asked == []


def test_silent_hosts_do_not_keep_others_from_being_asked(host):
    fetcher = Fetcher(max_bytes=1000, private_hosts=True)
    fetcher.fetch(f"{host}/picture.png")
    for number in range(2, 14):
        with pytest.raises(Unreachable):
            fetcher.fetch(f"http://127.0.0.{number}:9/a.png")
    assert fetcher.fetch(f"{host}/picture.png") == b"x" * 10


def test_several_pictures_are_fetched_at_once_each_with_its_outcome(host):
    found = Fetcher(max_bytes=1000, private_hosts=True).fetch_all([f"{host}/picture.png", f"{host}/gone"])
    assert found[f"{host}/picture.png"] == b"x" * 10
    assert "404" in str(found[f"{host}/gone"])
