"""Beacons reach the database from the running site, which answers them whatever they are."""

import http.client
import time
from urllib.parse import urlsplit

from articles.models import PageView
from tests.articles.readership.conftest import BROWSER
from tests.smtp import wait_until


def post(site, body, **headers):
    netloc = urlsplit(site.url).netloc
    connection = http.client.HTTPConnection(netloc, timeout=30)
    try:
        connection.request("POST", "/b", body, {"User-Agent": BROWSER, "Origin": site.url, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_running_site_answers_every_beacon_alike_and_keeps_those_that_tell_of_a_view(live_site):
    view = f"0.25\n2\n{live_site.url}/blog/\nhttps://search.example/"
    for body in (view, "", "x" * 20_000, "x" * 3_000_000, b"\xff"):
        assert post(live_site, body) == (204, b"")
    (kept,) = wait_until(lambda: list(PageView.objects.values_list("path", "depth", "source")), what="the view")
    time.sleep(0.1)
    assert kept == ("/blog/", 2, "search.example")
