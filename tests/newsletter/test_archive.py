"""Sent briefings, for everyone to read: pages, feed, API, without anyone's links."""

import re
from xml.etree import ElementTree as ET

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image

from core import generation
from core.models import SiteProfile
from newsletter.models import ArchiveEntry
from newsletter.sending import approval, archive_entries, sender
from newsletter.tasks import sweep_briefings
from tests.newsletter import factories
from tests.sponsors import factories as sponsors

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


@pytest.mark.parametrize("is_linked", [True, False])
def test_a_menu_that_links_to_it_makes_all_pages_anew_with_its_first_mail(weekly, smtp_server, is_linked):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly, slug="six-bridges")
    if is_linked:
        SiteProfile.objects.update(navigation=[{"label": "Newest", "url": briefing.get_absolute_url()}])
    generation.bump()
    before = generation.current()
    sender.pump(briefing.pk)
    generation.bump(in_articles=False)
    assert (generation.current().of_articles > before.of_articles) == is_linked


def listed(client, query):
    """The briefings that a search of the archive shows, in their order."""
    page = client.get("/newsletter/archive/", {"q": query}).content.decode()
    return re.findall(r'<h2 class="card__title"><a href="/newsletter/archive/([\w-]+)/">', page)


def readable(newsletter, slug, **fields):
    """A briefing that somebody has got, as the archive has it."""
    return factories.sent(newsletter, slug=slug, opened=0, clicked=0, **fields)


def test_an_ad_is_shown_whole_and_only_a_paid_one_is_called_sponsored(client, weekly):
    claim = sponsors.running("mail:weekly").claims.get()
    shown = {"kind": "sponsor", "url": "https://example.com/", "image_alt": "A safe", "image_url": "/media/a.png"}
    paid = shown | {"heading": "Keys", "label": "Paid advertisement", "sponsor_name": "Northwind", "claim": claim}
    readable(weekly, "both", items=[paid, shown | {"heading": "Ours", "label": "From us"}])
    _, first, second = client.get("/newsletter/archive/both/").content.decode().split('<aside class="sponsor"')
    assert first.count("sponsored nofollow noopener") == 3  # picture, headline and button
    assert 'alt="A safe"' in first
    ours = second.split("</aside>")[0]
    assert ours.count('href="https://example.com/"') == 3
    assert "sponsored" not in ours.lower()


def test_briefings_are_found_by_their_words_with_those_of_the_subject_first(client, weekly):
    ad = {"kind": "sponsor", "heading": "Vault of wonders", "text": "Buy it.", "url": "https://example.com"}
    readable(weekly, "told", items=[{"heading": "Ladders", "text": "Where a staircase ends."}])
    readable(weekly, "named", subject="The staircase", days_ago=2)
    readable(weekly, "other", subject="Harbours", preheader="No stairs", items=[ad], days_ago=3)
    factories.briefing(weekly, subject="A staircase in a draft")
    assert archive_entries.make_missing() == 3
    assert listed(client, "staircases") == ["named", "told"]
    assert listed(client, '"staircase ends"') == ["told"]
    assert listed(client, "staircase -ladders") == ["named"]
    assert listed(client, "wonders") == []  # an ad is no news
    assert listed(client, "the") == listed(client, "\0' OR 1=1 --") == []
    page = client.get("/newsletter/archive/?q=staircase").content.decode()
    assert "2 briefings for “staircase”" in page
    assert "<mark>staircase</mark> ends" in page
    assert '<meta name="robots" content="noindex, follow">' in page


def test_what_is_searched_for_and_found_is_escaped(client, weekly):
    readable(weekly, "told", items=[{"heading": "x", "text": "<script>alert(1)</script> staircase"}])
    archive_entries.make_missing()
    page = client.get("/newsletter/archive/", {"q": "staircase <script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page


def test_a_search_takes_few_queries_and_keeps_its_words_on_the_next_page(client, weekly, django_assert_max_num_queries):
    for number in range(25):
        readable(weekly, f"issue-{number}", subject=f"Staircase {number}", days_ago=number + 1)
    archive_entries.make_missing()
    with django_assert_max_num_queries(6):
        page = client.get("/newsletter/archive/?q=staircase").content.decode()
    assert 'href="?q=staircase&amp;page=2"' in page
    assert len(listed(client, "staircase")) == 20


def test_an_entry_that_cannot_be_made_holds_up_no_other(client, weekly):
    readable(weekly, "broken", subject="Staircase one")
    readable(weekly, "whole", subject="Staircase two")
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE newsletter_archiveentry ADD CONSTRAINT refused CHECK (title <> 'Staircase one') NOT VALID"
        )
    assert archive_entries.make_missing() == 1
    assert listed(client, "staircase") == ["whole"]


def test_a_page_has_a_social_picture_of_its_own_once_it_can_be_read(client, sent):
    assert "og:image" not in client.get("/newsletter/archive/six-bridges/").content.decode()
    sweep_briefings()
    page = client.get("/newsletter/archive/six-bridges/").content.decode()
    address = re.search(r'property="og:image" content="http://localhost:8000(/media/images/social/\w+\.png)"', page)[1]
    with Image.open(default_storage.open(address.removeprefix("/media/"))) as picture:
        assert picture.size == (1200, 630)
    assert '<meta property="og:title" content="Six bridges">' in page
    sweep_briefings()
    assert ArchiveEntry.objects.count() == 1


def test_the_feed_has_the_whole_text_with_links_that_work_elsewhere(client, weekly):
    inside = {"heading": "Ours", "text": "Read <b>on</b>.", "url": "/blog/ours/"}
    readable(weekly, "told", introduction="Good morning.", items=[inside])
    (item,) = ET.fromstring(client.get("/newsletter/archive/feed.xml").content).findall("channel/item")
    html = item.find("{http://purl.org/rss/1.0/modules/content/}encoded").text
    assert "Good morning." in html
    assert 'href="http://localhost:8000/blog/ours/"' in html
    assert "Read &lt;b&gt;on&lt;/b&gt;." in html
    assert item.find("description").text == "And a staircase"
