"""Briefings of rich text, cards, pictures, buttons and other parts: as mail, as text, on the web."""

import email
import re
from email import policy
from importlib import import_module

import pytest
from django.apps import apps

from articles import publishing
from articles.images import store_image
from articles.models import Snippet
from newsletter.models import BriefingItem, TrackedLink
from newsletter.sending import approval, composition, drafts, freeze, pictures, plugged, sender, sponsor_places
from tests.articles import factories as articles
from tests.newsletter import factories
from tests.sponsors import factories as sponsors

pytestmark = pytest.mark.django_db

RICH = (
    "<h2>Bridges</h2><p>Some <strong>bold</strong> words and "
    '<a href="https://example.com/a?x=1&amp;y=2">a link</a>.</p>'
    "<ul><li><p>One</p></li><li><p>Two</p></li></ul><table><tr><th>Fee</th></tr><tr><td>2 %</td></tr></table>"
)


def with_parts(weekly, *parts, **fields):
    factories.subscription(weekly)
    return factories.briefing(weekly, items=list(parts), **fields)


def picture(width, height):
    return store_image(articles.picture(size=(width, height)), name="bridge.png").file


def rendered(briefing):
    return composition.render(briefing, composition.plain_links("0", "0"))


def test_a_rich_text_is_rich_in_the_mail_and_readable_as_text(weekly):
    mail = rendered(with_parts(weekly, {"kind": "text", "html": RICH}))
    assert "<strong>bold</strong>" in mail.html
    assert re.search(r'<table class="cells" width="100%"[^>]*><tbody><tr><th style=', mail.html)
    assert "* Bridges\n\nSome bold words and a link <https://example.com/a?x=1&y=2>.\n\n- One\n- Two\n" in mail.text


def test_each_link_of_a_rich_text_is_counted_by_itself_and_leads_where_it_did(weekly, smtp_server, client):
    briefing = with_parts(
        weekly, {"kind": "text", "html": RICH}, {"heading": "Card", "url": "https://example.com/card"}
    )
    approval.approve(briefing, by=factories.user())
    freeze.freeze(briefing.pk)
    links = dict(TrackedLink.objects.values_list("url", "item__kind"))
    assert links["https://example.com/a?x=1&y=2"] == "text"
    assert links["https://example.com/card"] == "article"
    sender.pump(briefing.pk)
    (message,) = smtp_server.messages
    html = email.message_from_bytes(message.message, policy=policy.default).get_body(("html",)).get_content()
    assert "example.com" not in re.sub(r"mailto:[^\"]+", "", html)
    paths = re.findall(r'href="http://localhost:8000(/l/[\w.-]+)"', html)
    assert client.get(paths[0]).url == "https://example.com/a?x=1&y=2"


def test_hostile_html_is_cleaned_wherever_it_comes_from(weekly):
    briefing = with_parts(weekly, {"kind": "text", "html": "<p>Words</p>"})
    bad = '<p onclick="x()">A<script>alert(1)</script><a href="javascript:x()">b</a><img src=x onerror=y></p>'
    BriefingItem.objects.update(html=bad)
    mail = rendered(briefing)
    for word in ("script>alert", "onclick", "javascript:", "onerror"):
        assert word not in mail.html


def test_links_of_our_own_pages_are_whole_in_a_mail(weekly):
    mail = rendered(with_parts(weekly, {"kind": "text", "html": '<p><a href="/about/">us</a> <a href="#x">up</a></p>'}))
    assert 'href="http://localhost:8000/about/"' in mail.html
    assert 'href="http://localhost:8000/newsletter/archive/issue-1/#x"' in mail.html


def test_plain_texts_of_before_look_as_they_did(weekly):
    item = {"kind": "text", "heading": "Then", "text": "One & two.\n\nThree.", "url": "https://example.com/t"}
    html = rendered(with_parts(weekly, item)).html
    assert re.search(r"<h2[^>]*><a[^>]*>Then</a></h2>\s*<p[^>]*>One &amp; two.</p>\s*<p[^>]*>Three.</p>", html)
    assert "Read on" in html


def test_introductions_of_before_become_rich_and_look_the_same(weekly):
    briefing = factories.briefing(weekly)
    type(briefing).objects.update(introduction="BTC < 20k & falling.\nNew line.\n\nSecond.")
    moved = import_module("newsletter.migrations.0034_introductions_of_before")
    moved.made_rich(apps, None)
    briefing.refresh_from_db()
    assert briefing.introduction == "<p>BTC &lt; 20k &amp; falling.<br>New line.</p>\n\n<p>Second.</p>"
    moved.made_plain(apps, None)
    briefing.refresh_from_db()
    assert briefing.introduction == "BTC < 20k & falling.\nNew line.\n\nSecond."


SIZES = {"small": (72, 72), "medium": (160, 120), "large": (536, 302)}


@pytest.mark.parametrize("size", SIZES)
def test_an_article_card_has_its_cover_cut_to_its_size_as_a_jpeg(weekly, size):
    weekly.templates.create(name="Daily", is_default=True, card_size=size)
    cover = {"src": picture(1600, 1200), "alt": "A bridge"}
    factories.published("Bridges", cover=cover)
    briefing = drafts.new_briefing(newsletter=weekly, issue_date=sponsors.soon())
    item = briefing.items.get()
    assert (item.image_width, item.image_height) == SIZES[size]
    assert item.image_url.startswith("http://localhost:8000/media/images/")
    assert item.image_url.endswith(".jpg")
    html = rendered(briefing).html
    (shown,) = [image for image in re.findall("<img[^>]*>", html) if 'alt="A bridge"' in image]
    assert f'width="{SIZES[size][0]}"' in shown


def test_a_small_picture_is_not_blown_up(weekly):
    item = BriefingItem(kind="image", image=picture(200, 100))
    pictures.put_in(item)
    assert (item.image_width, item.image_height) == (200, 100)


def test_buttons_dividers_and_pictures_are_laid_out_in_tables(weekly):
    picture = {"kind": "image", "image_url": "https://example.com/p.jpg", "image_alt": "A chart", "caption": "Fees"}
    button = {"kind": "button", "label": "Vote now", "url": "https://example.com/vote"}
    mail = rendered(with_parts(weekly, picture, {"kind": "divider"}, button))
    assert re.search(
        r"<td class=\"button-cell\"[^>]*background: #2340c4[^>]*>\s*<a class=\"button\"[^>]*>Vote now", mail.html
    )
    assert not re.search(r"display: ?(?:grid|flex)|float:", mail.html)
    for words in ("[A chart]\nFees", "* * *", "Vote now: https://example.com/vote"):
        assert words in mail.text


def test_a_reusable_text_is_the_newest_until_the_briefing_is_frozen(weekly):
    snippet = Snippet.objects.create(kind="text", slug="about", heading="About us", html="<p>Old words.</p>")
    briefing = with_parts(weekly, {"kind": "snippet", "snippet": snippet})
    snippet.html = "<p>New words.</p>"
    snippet.save()
    assert "New words." in rendered(briefing).html
    approval.approve(briefing, by=factories.user())
    freeze.freeze(briefing.pk)
    snippet.html = "<p>Newer words.</p>"
    snippet.save()
    briefing.refresh_from_db()
    (part,) = composition.web_version(briefing).parts
    assert "New words." in part.html


def test_a_reusable_text_that_is_gone_stops_the_briefing(weekly):
    snippet = Snippet.objects.create(kind="text", slug="about", heading="About us", html="<p>Words.</p>")
    briefing = with_parts(weekly, {"kind": "snippet", "snippet": snippet})
    snippet.delete()
    assert "A reusable text is gone" in " ".join(approval.problems(briefing))


def test_news_of_another_desk_is_as_it_was_when_the_briefing_was_frozen(weekly):
    said = {"now": plugged.News("Awards", "<p>Voting is open.</p>", "Vote", "/awards/")}
    plugged.register("test", plugged.Plug("Tests", lambda: [("x", "X")], lambda _choice: said["now"], list))
    try:
        briefing = with_parts(weekly, {"kind": "plugged", "source": "test:x"})
        assert "Voting is open." in rendered(briefing).text
        approval.approve(briefing, by=factories.user())
        freeze.freeze(briefing.pk)
        said["now"] = None
        briefing.refresh_from_db()
        (part,) = composition.web_version(briefing).parts
        assert "Voting is open." in part.html
    finally:
        plugged._plugs.pop("test")


# Sponsors' places


def two_ads(day):
    for number in (1, 2):
        sponsors.running("mail:weekly", day=day, company=f"Sponsor {number}")


def test_every_booked_ad_has_a_place_and_the_editor_says_where(weekly):
    day = sponsors.soon()
    two_ads(day)
    briefing = factories.briefing(
        weekly, issue_date=day, items=[{"kind": "sponsor"}, {"heading": "A", "url": "https://example.com/"}]
    )
    sponsor_places.place_sponsors(briefing)
    shown = list(briefing.items.order_by("ordering").values_list("kind", "sponsor_name"))
    assert shown == [("sponsor", "Sponsor 1"), ("article", ""), ("sponsor", "Sponsor 2")]
    text = rendered(briefing).text
    assert text.index("Sponsor 1") < text.index("* A") < text.index("Sponsor 2")


def test_a_place_without_an_ad_shows_nothing_and_is_not_sent(weekly):
    briefing = with_parts(weekly, {"kind": "sponsor"}, {"heading": "A", "url": "https://example.com/"})
    sponsor_places.place_sponsors(briefing)
    assert "advertisement" not in rendered(briefing).text.lower()
    approval.approve(briefing, by=factories.user())
    freeze.freeze(briefing.pk)
    assert [item.kind for item in briefing.items.all()] == ["article"]


def test_each_of_two_bookings_without_a_creative_is_named(weekly):
    factories.subscription(weekly)
    slot = sponsors.kind("mail:weekly")
    sponsors.open_days(slot, first=sponsors.soon(), days=1)
    sponsors.confirmed(sponsors.package({slot: 1}), start=sponsors.soon())
    two_ads(sponsors.soon())
    briefing = factories.briefing(weekly, issue_date=sponsors.soon())
    assert "Northwind Custody has booked the ad of" in " ".join(approval.problems(briefing))


# Nothing before it is published


def test_an_article_that_is_not_published_stops_the_briefing_wherever_its_card_leads(weekly):
    article = articles.article(title="Secret deal")
    briefing = with_parts(
        weekly, {"heading": "Secret deal", "article": article, "url": "https://example.com/elsewhere"}
    )
    assert "“Secret deal” is an article that is not published." in " ".join(approval.problems(briefing))


def test_a_link_in_a_text_to_an_unpublished_article_stops_the_briefing(weekly):
    article = factories.published("Gone").article
    link = '<p>See <a href="/blog/gone/">this</a>.</p>'
    briefing = with_parts(weekly, {"kind": "text", "html": link}, introduction=link)
    assert approval.problems(briefing) == []
    publishing.unpublish(article)
    found = approval.problems(briefing)
    assert any(
        "A link in the introduction leads to a page that is not published: /blog/gone/" in each for each in found
    )
    assert any("A link in a text leads to a page" in each for each in found)


def test_what_is_unpublished_after_the_approval_is_noticed_at_the_freeze(weekly):
    publication = factories.published("Gone")
    briefing = drafts.new_briefing(newsletter=weekly, issue_date=sponsors.soon())
    factories.subscription(weekly)
    factories.profile()
    approval.approve(briefing, by=factories.user())
    publishing.unpublish(publication.article)
    assert not freeze.freeze(briefing.pk)
    briefing.refresh_from_db()
    assert (briefing.state, "not published" in briefing.trouble) == ("paused", True)


# Copies, and the web


def test_a_copy_has_the_words_and_parts_and_no_ad_of_another_day(weekly):
    day = sponsors.soon()
    sponsors.running("mail:weekly", day=day)
    first = factories.briefing(weekly, issue_date=day, items=[{"kind": "text", "html": RICH}, {"kind": "sponsor"}])
    sponsor_places.place_sponsors(first)
    second = drafts.copy_of(first, issue_date=sponsors.soon(9))
    assert (second.subject, second.state, second.slug != first.slug) == (first.subject, "draft", True)
    assert [(item.kind, item.claim_id) for item in second.items.order_by("ordering")] == [
        ("text", None),
        ("sponsor", None),
    ]
    assert first.items.get(kind="sponsor").claim_id


def test_the_archive_and_the_api_show_every_kind_of_part(client, weekly):
    parts = [
        {"kind": "text", "html": RICH},
        {"kind": "button", "label": "Vote now", "url": "https://example.com/vote"},
        {"kind": "image", "image_url": "https://example.com/p.jpg", "image_alt": "A chart", "caption": "Fees"},
        {"kind": "divider"},
    ]
    briefing = factories.sent(weekly, items=parts, delivered=1, opened=0, clicked=0)
    page = client.get(briefing.get_absolute_url()).content.decode()
    for words in ("<strong>bold</strong>", "Vote now", 'alt="A chart"', "<hr>"):
        assert words in page
    said = client.get(f"/api/v1/briefings/{briefing.slug}/").json()
    assert [part["kind"] for part in said["items"]] == ["text", "button", "image", "divider"]
    assert said["introduction"] == "Good morning."
    assert "<strong>bold</strong>" in said["items"][0]["html"]
