"""Feeds stand by themselves: ids for good, addresses in full, pictures as files to fetch."""

import re

import pytest
from defusedxml import ElementTree
from django.conf import settings

from articles.documents import apply_document, document_of
from articles.models import Article
from articles.publishing import publish, unpublish
from core.lib.html import absolute_addresses
from tests.articles import factories

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"


def ids(client):
    """The id of the newest article in each form of the feed."""
    rss = ElementTree.fromstring(client.get("/feed.xml").content).find("channel/item/guid")
    atom = ElementTree.fromstring(client.get("/feed.atom").content).find(f"{ATOM}entry/{ATOM}id")
    assert rss.get("isPermaLink") == "false"
    return {rss.text, atom.text, client.get("/feed.json").json()["items"][0]["id"]}


@pytest.fixture
def illustrated():
    picture = factories.image().file
    return factories.publication(
        {"type": "richtext", "html": '<h2>Part</h2><p><a href="/about/">Us</a> <a href="#part">Up</a></p>'},
        {"type": "image", "src": picture, "alt": "A picture"},
        cover={"src": picture, "alt": "A picture"},
        slug="illustrated",
    )


def test_every_form_gives_an_article_the_same_id(illustrated, client):
    (one,) = ids(client)
    assert one.startswith("urn:uuid:")


def test_a_new_slug_and_a_new_start_leave_the_id_as_it_was(illustrated, client):
    before, article = ids(client), illustrated.article
    apply_document(article, {**document_of(article), "slug": "elsewhere"}, expected_version=article.version)
    publish(article)
    assert ids(client) == before
    unpublish(article)
    publish(article)
    assert ids(client) == before
    factories.publication(slug="illustrated")
    assert ids(client) != before


@pytest.mark.parametrize("form", ["xml", "atom", "json"])
def test_no_address_in_a_feed_is_relative(illustrated, client, form):
    text = client.get(f"/feed.{form}").content.decode().replace("&quot;", '"').replace("&#34;", '"').replace('\\"', '"')
    html = text[text.index("<h2" if "<h2" in text else "&lt;h2") :]
    found = re.findall(r'(?:href|src|srcset)="([^"]*)"', html)
    candidates = [one for value in found for one in value.split(", ")]
    assert len(candidates) > 4
    assert not [one for one in candidates if not one.startswith("http")]
    assert f'href="{settings.SITE_URL}/blog/illustrated/#part"' in html


def test_the_picture_is_a_file_to_fetch_with_its_length(illustrated, client):
    item = ElementTree.fromstring(client.get("/feed.xml").content).find("channel/item")
    entry = ElementTree.fromstring(client.get("/feed.atom").content).find(f"{ATOM}entry")
    enclosure = item.find("enclosure").attrib
    link = next(one.attrib for one in entry.findall(f"{ATOM}link") if one.get("rel") == "enclosure")
    assert enclosure["url"].startswith(settings.SITE_URL)
    assert item.find(f"{MEDIA}content").get("url") == enclosure["url"] == link["href"]
    assert client.get("/feed.json").json()["items"][0]["image"] == enclosure["url"]
    assert enclosure["type"] == link["type"] == "image/webp"
    stored = settings.MEDIA_ROOT / enclosure["url"].partition(settings.MEDIA_URL)[2]
    assert int(enclosure["length"]) == int(link["length"]) == stored.stat().st_size


def test_an_article_without_a_picture_has_no_enclosure(client):
    factories.publication()
    assert b"<enclosure" not in client.get("/feed.xml").content
    assert b"media:content" not in client.get("/feed.xml").content


def test_addresses_elsewhere_stay_as_they_are():
    html = '<a href="//cdn.example/x">1</a> <img src="https://a.example/i" srcset="https://a.example/i 1x, /m/j 2x">'
    made = absolute_addresses(html, site="https://us.example", page="https://us.example/p/")
    assert made == html.replace("/m/j", "https://us.example/m/j")


def test_every_article_has_an_id_of_its_own():
    factories.article()
    factories.article()
    assert len(set(Article.objects.values_list("feed_id", flat=True))) == 2
