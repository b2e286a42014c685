"""Sent briefings, for everyone to read: pages, feed, API, without anyone's links."""

import pytest

from newsletter.sending import approval, sender
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(smtp_server):
    weekly = factories.newsletter()
    factories.subscription(weekly)
    briefing = factories.frozen(weekly, slug="six-bridges")
    sender.pump(briefing.pk)
    return briefing


@pytest.mark.parametrize(
    "path", ["/newsletter/archive/", "/newsletter/archive/six-bridges/", "/newsletter/archive/feed.xml"]
)
def test_a_sent_briefing_is_shown_and_may_be_cached(client, sent, path):
    response = client.get(path)
    assert b"Six bridges" in response.content
    assert "public" in response["Cache-Control"]
    assert not response.cookies


def test_it_holds_no_persons_links(client, sent):
    page = client.get("/newsletter/archive/six-bridges/").content
    assert b'href="https://example.com/a"' in page
    for part in (b"/l/", b"/o/", b"/u/", b"/newsletter/unsubscribe/", b"/newsletter/preferences/"):
        assert part not in page


@pytest.mark.parametrize("state", ["draft", "approved", "sending", "paused", "cancelled"])
def test_what_was_not_sent_is_not_there(client, sent, state):
    type(sent).objects.update(state=state, first_sent_at=None)
    assert client.get("/newsletter/archive/six-bridges/").status_code == 404
    assert b"Six bridges" not in client.get("/newsletter/archive/").content
    assert client.get("/api/v1/briefings/").json()["count"] == 0


def test_an_empty_archive_says_so(client, db):
    assert b"No briefing yet" in client.get("/newsletter/archive/").content


def test_the_api_lists_and_shows_them(client, sent):
    (row,) = client.get("/api/v1/briefings/").json()["results"]
    assert (row["slug"], row["newsletter"], row["url"]) == ("six-bridges", "weekly", "/newsletter/archive/six-bridges/")
    whole = client.get("/api/v1/briefings/six-bridges/").json()
    assert whole["items"][0]["heading"] == "Where bridges break"
    assert client.get("/api/v1/briefings/nope/").status_code == 404


def test_the_archive_takes_few_queries(client, sent, django_assert_max_num_queries):
    weekly = sent.newsletter
    for number in range(10):
        made = factories.frozen(weekly, slug=f"issue-{number}")
        sender.pump(made.pk)
    for path in ("/newsletter/archive/", "/newsletter/archive/six-bridges/", "/newsletter/archive/feed.xml"):
        client.get(path)
        with django_assert_max_num_queries(5):
            client.get(path)


@pytest.mark.parametrize("end", ["pause", "cancel"])
def test_it_can_be_read_from_its_first_mail_on_whatever_comes_then(client, weekly, smtp_server, end):
    factories.subscriptions(weekly, 2)  # of whom one is more than a few
    smtp_server.refuse("reader1@example.com", "450 4.2.1 Later")
    briefing = factories.frozen(weekly, subject="Six bridges")
    page = f"/newsletter/archive/{briefing.slug}/"
    assert client.get(page).status_code == 404
    sender.pump(briefing.pk)
    briefing.refresh_from_db()
    assert briefing.state == "sending"
    getattr(approval, end)(briefing)
    for path in (page, "/newsletter/archive/", "/newsletter/archive/feed.xml", "/api/v1/briefings/"):
        assert b"Six bridges" in client.get(path).content, path
