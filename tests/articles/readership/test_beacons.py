"""Beacons are counted without a cookie or an address, and whatever else comes is answered alike and not kept."""

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles.models import LeftOut
from articles.readership import beacons, collector
from core.models import User
from tests.articles import factories
from tests.articles.readership.conftest import BROWSER

pytestmark = pytest.mark.django_db


def left_out():
    collector.flush()
    return dict(LeftOut.objects.values_list("reason", "number"))


def test_a_view_is_kept_with_where_it_came_from(send, kept):
    article = factories.publication(slug="bridges").article
    query = "?utm_source=Orbit&utm_medium=email&utm_campaign=May&q=private"
    answer = send(f"/blog/bridges/{query}", referrer="https://www.search.example/?q=private")
    (view,) = kept()
    assert (answer.status_code, answer.content, answer.cookies) == (204, b"", {})
    assert (view["path"], view["article_id"]) == ("/blog/bridges/", article.pk)
    assert (view["source"], view["campaign"]) == ("search.example", "orbit / email / may")


def test_neither_address_nor_browser_nor_query_is_stored(send, every_value):
    send("/blog/?q=secretquery", address="203.0.113.77", user_agent=f"{BROWSER} Secretbrowser/1")
    found = every_value()
    assert "/blog/" in found
    assert [word for word in ("203.0.113", "Secretbrowser", "secretquery", "Firefox") if word in found] == []


def test_beacons_of_one_view_are_one_row_that_only_grows_deeper(send, kept):
    for depth in (0, 3, 1):
        send(depth=depth)
        collector.flush()
    send(depth=2)
    assert [view["depth"] for view in kept()] == [3]


def test_a_page_shorter_than_the_window_was_read_whole(send, kept):
    send(depth=11)
    assert [view["depth"] for view in kept()] == [4]


def test_visitors_are_told_apart_by_household_and_browser(send, kept):
    send(nonce="1")
    send(nonce="2", address="203.0.113.8")
    send(nonce="3", user_agent=f"{BROWSER} x")
    send(nonce="4", address="2001:db8::1")
    send(nonce="5", address="2001:db8::2")
    assert len({view["visitor"] for view in kept()}) == 4


@pytest.mark.parametrize("said", [{"dnt": "1"}, {"sec_gpc": "1"}])
def test_whoever_asks_not_to_be_tracked_is_not(send, kept, said):
    assert send(**said).status_code == 204
    assert kept() == []
    assert left_out() == {"asked": 1}


@pytest.mark.parametrize("agent", ["", "Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.5.0"])
def test_bots_are_apart(send, kept, agent):
    send(user_agent=agent)
    assert kept() == []
    assert left_out() == {"bot": 1}


def test_staff_who_are_signed_in_are_apart(send, kept, client):
    client.force_login(User.objects.create_user("ana@example.com"))
    send()
    assert kept() == []
    assert left_out() == {"staff": 1}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://[", "http://testserver.evil.example"])
def test_other_sites_cannot_send_views(send, kept, origin):
    assert send(origin=origin).status_code == 204
    assert kept() == []
    assert left_out() == {"foreign": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff\xfe", b"x" * 100_000, "0.5\n0\nhttp://testserver/blog/", "0.5\n-1\nhttp://testserver/blog/\n",
        "0.5\nx\nhttp://testserver/blog/\n", "\n0\nhttp://testserver/blog/\n", "0.5\n0\nhttp://[\n",
        "0.5\n0\nhttps://evil.example/blog/\n", f"0.5\n0\nhttp://testserver/{'x' * 300}\n", "0.5\n0\n\n",
        "0.5\n0\nhttp://testserver/%00\n", f"0.5\n0\nhttp://testserver/blog/\nhttps://{'r' * 10_000}.example/",
    ],
)  # fmt: skip
def test_nothing_malformed_or_oversized_is_kept(send, kept, body):
    answer = send(body=body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert kept() == []
    assert left_out() == {"malformed": 1}


@pytest.mark.parametrize(
    "referrer", ["https://[", "javascript:alert(1)", f"https://{'r' * 200}.example/", "x" * 3000, "\0"]
)
def test_a_referrer_that_is_no_address_is_none(send, kept, referrer):
    send(referrer=referrer)
    assert [view["source"] for view in kept()] == [""]


@pytest.mark.parametrize("path", ["/blog/never-written/", "/no/such/", "/admin/", "/metrics", "/preview/x/", "/b"])
def test_only_pages_that_readers_can_see_are_counted(send, kept, path):
    factories.article(slug="draft")
    send(path)
    send("/blog/draft/", nonce="2")
    assert kept() == []
    assert left_out() == {"no page": 2}


def test_a_campaign_of_any_length_is_cut(send, kept):
    send(f"/blog/?utm_source={'s' * 900}&utm_campaign=%00%E2%80%AE{'c' * 900}")
    assert [view["campaign"] for view in kept()] == [f"{'s' * 60} / {'c' * 60}"]


def test_a_burst_from_one_browser_and_from_one_place_is_bounded(send, kept):
    for number in range(beacons.VISITOR_A_MINUTE + 5):
        send(nonce=str(number))
    for number in range(beacons.PLACE_A_MINUTE):
        send(nonce="0", user_agent=f"{BROWSER} {number}")
    assert len(kept()) == beacons.PLACE_A_MINUTE - 5
    assert left_out() == {"burst": 5 + beacons.VISITOR_A_MINUTE + 5}


def test_more_than_can_wait_is_left_out_and_counted(send, kept):
    act = collector.Act(timezone.now(), collector.Visitor("203.0.113.7", BROWSER), "sign-ups", "")
    for _ in range(collector.MOST):
        collector.add(act)
    send()
    assert kept() == []
    assert left_out() == {"full": 1}


@given(
    st.binary(max_size=300),
    st.dictionaries(st.sampled_from(["HTTP_ORIGIN", "HTTP_HOST", "REMOTE_ADDR", "HTTP_USER_AGENT"]), st.text()),
)
def test_whatever_is_sent_raises_nothing(body, environ):
    beacons.take(environ, body)


def test_a_beacon_is_posted(client):
    assert client.get("/b").status_code == 405
