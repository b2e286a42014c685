"""What is published is what every process of the web server shows, within a second."""

import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from articles.documents import apply_document, document_of
from articles.publishing import publish, unpublish
from tests.articles import factories

IN_A_ROW = 60
PATIENCE = 5.0  # a second, on a machine that does nothing else


def shown(site, path):
    """The page on a connection of its own, which any of the processes may take."""
    connection = HTTPConnection(urlsplit(site.url).netloc, timeout=10)
    connection.request("GET", path, headers={"Host": urlsplit(site.url).netloc})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def seconds_until(site, path, expected):
    """How long until so many fresh connections in a row see it."""
    began, first, streak = time.monotonic(), 0.0, 0
    while streak < IN_A_ROW:
        status, body = shown(site, path)
        seen = status == expected[0] and expected[1] in body
        first = time.monotonic() if seen and not streak else first
        streak = streak + 1 if seen else 0
        assert time.monotonic() - began < 30, "it never settles"
    return first - began


def retitle(article, title):
    apply_document(article, {**document_of(article), "title": title})
    publish(article)


def test_every_process_shows_what_was_published_elsewhere(live_site):
    pid = live_site.process.pid
    assert len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()) >= 2
    article = factories.publication(title="Before", slug="fresh").article
    assert seconds_until(live_site, "/blog/fresh/", (200, b"Before")) < PATIENCE
    for number in range(3):
        retitle(article, f"After {number}")
        assert seconds_until(live_site, "/blog/fresh/", (200, f"After {number}".encode())) < PATIENCE
    assert seconds_until(live_site, "/", (200, b"After 2")) < PATIENCE
    unpublish(article)
    assert seconds_until(live_site, "/blog/fresh/", (404, b"")) < PATIENCE
