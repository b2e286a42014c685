"""Pages without a session are answered from memory until content changes."""

import gzip
import threading
import time
from wsgiref.util import setup_testing_defaults

import brotli
import pytest
from django.http import HttpResponse

from core import generation
from core.pagecache import PageCache, public

pytestmark = pytest.mark.django_db(transaction=True)


class Body(list):
    """What a WSGI application returns."""

    def close(self):
        pass


class Application:
    """A WSGI application that counts what it is asked."""

    def __init__(self, status="200 OK", headers=(("Cache-Control", "public"),), text="page", of_articles=False):
        self.status, self.headers, self.text, self.calls = status, list(headers), text, 0
        self.of_articles = of_articles

    def __call__(self, environ, start_response):
        self.calls += 1
        start_response(self.status, [("Content-Type", "text/html"), *self.headers])
        body = Body([f"{self.text} {self.calls}".encode()])
        body.is_of_articles = self.of_articles
        return body


def get(cache, path="/", method="GET", **headers):
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, **headers}
    setup_testing_defaults(environ)
    answer = {}
    body = cache(environ, lambda status, headers, exc=None: answer.update(status=status, headers=dict(headers)))
    return answer["status"][:3], answer["headers"], b"".join(body)


def test_the_second_reader_is_answered_from_memory():
    application = Application()
    cache = PageCache(application)
    assert get(cache)[2] == get(cache)[2] == b"page 1"
    assert application.calls == 1


def test_a_change_of_content_renders_the_page_anew():
    cache = PageCache(Application())
    get(cache)
    generation.bump()
    assert get(cache)[2] == b"page 2"


def test_what_articles_never_show_makes_other_pages_anew_only():
    of_articles, other = PageCache(Application(of_articles=True)), PageCache(Application())
    for number, in_articles in enumerate([True, False, False, True]):
        assert (get(of_articles)[2], get(other)[2]) == (b"page %d" % min(number + 1, 2), b"page %d" % (number + 1))
        generation.bump(in_articles=in_articles)
    assert get(of_articles)[2] == b"page 3"


def test_a_page_that_is_as_it_was_is_not_compressed_again():
    cache = PageCache(
        lambda environ, start: start("200 OK", [("Cache-Control", "public")]) or Body([b"always the same"])
    )
    get(cache)
    (before,) = cache.pages.values()
    generation.bump()
    get(cache)
    (after,) = cache.pages.values()
    assert after is not before
    assert after.forms["br"][1] is before.forms["br"][1]


def test_the_database_is_asked_before_a_reader_has_to_wait_for_it():
    submitted = []
    cache = PageCache(Application(), submit=submitted.append)
    environ = {"PATH_INFO": "/", "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)
    get(cache)
    generation._known.checked -= generation.POLL_SECONDS * 0.7
    for _ in range(2):
        assert cache.at_once(dict(environ), lambda *_: None) == [b"page 1"]
    assert len(submitted) == 1
    submitted[0]()
    assert time.monotonic() - generation._known.checked < generation.POLL_SECONDS / 2
    generation._known.checked -= generation.POLL_SECONDS * 2
    assert cache.at_once(dict(environ), lambda *_: None) is None
    assert len(submitted) == 2


def test_it_answers_in_the_coding_asked_for():
    cache = PageCache(Application())
    assert brotli.decompress(get(cache, HTTP_ACCEPT_ENCODING="gzip, br")[2]) == b"page 1"
    assert gzip.decompress(get(cache, HTTP_ACCEPT_ENCODING="gzip, br;q=0")[2]) == b"page 1"
    status, headers, body = get(cache, HTTP_ACCEPT_ENCODING="br;q=0, gzip;q=0.0")
    assert (status, headers.get("Content-Encoding"), body) == ("200", None, b"page 1")


def test_a_reader_who_has_the_page_gets_304():
    cache = PageCache(Application())
    etag = get(cache)[1]["ETag"]
    status, headers, body = get(cache, HTTP_IF_NONE_MATCH=etag)
    assert (status, headers["ETag"], body) == ("304", etag, b"")
    assert get(cache, HTTP_IF_NONE_MATCH='"other"')[0] == "200"


def test_head_is_answered_without_a_body():
    cache = PageCache(Application())
    length = get(cache)[1]["Content-Length"]
    status, headers, body = get(cache, method="HEAD")
    assert (status, headers["Content-Length"], body) == ("200", length, b"")


@pytest.mark.parametrize(
    ("application", "request_headers"),
    [
        (Application(headers=[]), {}),
        (Application(headers=[("Cache-Control", "private")]), {}),
        (Application(headers=[("Cache-Control", "public"), ("Set-Cookie", "a=b")]), {}),
        (Application(headers=[("Cache-Control", "public"), ("Vary", "Cookie")]), {}),
        (Application(headers=[("Cache-Control", "public"), ("Content-Security-Policy", "script-src 'nonce-x'")]), {}),
        (Application(status="404 Not Found"), {}),
        (Application(), {"HTTP_COOKIE": "sessionid=abc"}),
        (Application(), {"HTTP_AUTHORIZATION": "Token abc"}),
        (Application(), {"REQUEST_METHOD": "POST"}),
    ],
)
def test_what_may_be_personal_is_never_kept(application, request_headers):
    cache = PageCache(application)
    method = request_headers.pop("REQUEST_METHOD", "GET")
    for _ in range(2):
        get(cache, method=method, **request_headers)
    assert application.calls == 2


def test_addresses_and_queries_are_kept_apart():
    cache = PageCache(Application())
    assert get(cache, "/a")[2] != get(cache, "/b")[2]
    assert get(cache, "/a", QUERY_STRING="page=2")[2] == b"page 3"


@pytest.mark.parametrize(
    "other",
    [
        {"QUERY_STRING": "utm_source=letter&page=2&fbclid=x"},
        {"QUERY_STRING": "page=2", "HTTP_HOST": "Localhost.:8150"},
        {"QUERY_STRING": "page=2", "HTTP_X_FORWARDED_PROTO": "gopher"},
        {"QUERY_STRING": "%70age=2&&"},
    ],
)
def test_one_page_is_kept_once_however_it_is_asked_for(other):
    cache = PageCache(Application())
    get(cache, HTTP_HOST="localhost", QUERY_STRING="page=2")
    assert get(cache, **{"HTTP_HOST": "localhost", **other})[2] == b"page 1"


def test_a_view_does_not_see_what_makes_no_other_page(rf):
    seen = public(lambda request: HttpResponse(request.GET.urlencode()))
    assert seen(rf.get("/?x=1&q=a%20b&page=3&page=2")).content == b"page=3&page=2&q=a+b"


def test_whoever_asks_for_a_thousand_addresses_drives_nothing_out_that_is_read():
    application = Application(text="x" * 50_000)
    cache = PageCache(application, limit=600_000)
    get(cache, "/popular")
    for number in range(100):
        get(cache, QUERY_STRING=f"q={number}")
        if number % 4 == 0:
            get(cache, "/popular")
    assert application.calls == 101


def test_memory_stays_under_its_bound_and_keeps_what_is_read():
    cache = PageCache(Application(text="x" * 50_000), limit=400_000)
    for number in range(20):
        get(cache, "/popular")
        get(cache, f"/{number}")
    assert cache.size <= 400_000
    assert any(key[2] == "/popular" for key in cache.pages)


@pytest.mark.parametrize(("seconds_ago", "shown"), [(0, b"page 1"), (3, b"page 2")])
def test_while_one_reader_waits_for_the_new_page_the_others_get_one_that_was_right_just_now(seconds_ago, shown):
    waiting, go_on = threading.Event(), threading.Event()
    application = Application()
    cache = PageCache(lambda environ, start: slow(environ, start))

    def slow(environ, start):
        if application.calls and not waiting.is_set():
            waiting.set()
            go_on.wait(5)
        return application(environ, start)

    get(cache)
    (page,) = cache.pages.values()
    page.known_fresh -= seconds_ago
    generation.bump()
    first = threading.Thread(target=get, args=(cache,))
    first.start()
    assert waiting.wait(5)
    assert get(cache)[2] == shown
    go_on.set()
    first.join()


def test_a_page_that_fails_to_render_anew_is_served_as_it_was():
    application = Application()
    cache = PageCache(application)
    get(cache)
    generation.bump()
    application.status = "500 Internal Server Error"
    assert get(cache)[0] == "200"
    application.status = "404 Not Found"
    assert get(cache)[0] == "404"
    assert not cache.pages
