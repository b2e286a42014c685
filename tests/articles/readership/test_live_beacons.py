"""Beacons reach the database from the running site, which answers them whatever they are."""

import http.client
import threading
from urllib.parse import urlsplit

from articles.models import PageView
from tests.articles import factories
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
    assert kept == ("/blog/", 2, "search.example")


def test_the_script_tells_of_a_view_unless_the_browser_asks_not_to_be_tracked(page, live_site):
    factories.publication(slug="bridges")
    with page.expect_request("**/b") as sent:
        page.goto("/blog/bridges/")
    view, depth, address, referrer = sent.value.post_data.split("\n")
    assert (address, referrer) == (f"{live_site.url}/blog/bridges/", "")
    assert float(view) < 1
    assert 0 <= int(depth) <= 4
    page.goto("about:blank")  # what the page says as it is hidden is said before
    beacons = []
    page.on("request", lambda request: beacons.append(request.url) if request.url.endswith("/b") else None)
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
    page.goto("/blog/")
    page.wait_for_load_state("networkidle")
    assert beacons == []


def test_a_process_that_only_imports_the_application_writes_nothing():
    import cms.asgi

    assert cms.asgi.application
    assert "readership" not in {thread.name for thread in threading.enumerate()}
