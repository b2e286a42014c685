"""Links to our own articles follow when their slug changes, wherever they stand."""

import pytest

from articles import moves, publishing
from articles.documents import apply_document, document_of
from articles.models import Author, Redirect, Revision
from core.models import SiteProfile
from tests.articles import factories

pytestmark = pytest.mark.django_db
LINKS = '<p><a href="/blog/old/">1</a> <a href="/blog/old#part">2</a> <a href="/blog/older/">3</a> /blog/old/</p>'
FOLLOWED = '<p><a href="/blog/new/">1</a> <a href="/blog/new/#part">2</a> <a href="/blog/older/">3</a> /blog/old/</p>'


def move(publication, slug):
    article = publication.article
    apply_document(article, {**document_of(article), "slug": slug})
    publishing.publish(article)


@pytest.fixture
def old():
    return factories.publication(slug="old")


def test_what_readers_see_is_put_right_by_the_worker(old, client):
    faq = {"type": "faq", "question": "Why?", "answer": LINKS}
    other = factories.publication({"type": "richtext", "html": LINKS}, faq, slug="other")
    move(old, "new")
    assert moves.follow_moved() == 1
    other.refresh_from_db()
    assert other.html.count('href="/blog/new') == 4
    assert other.faq[0]["answer"] == FOLLOWED
    assert 'href="/blog/new/#part"' in client.get("/blog/other/").content.decode()
    assert moves.follow_moved() == 0
    assert not Redirect.objects.filter(is_followed=False).exists()


def test_cards_bios_and_the_site_s_menu_follow_too(old):
    card = factories.card("read", url="/blog/old/?from=card", html=LINKS)
    author = factories.author("ana", bio_html=LINKS)
    SiteProfile(navigation=[{"label": "Old", "url": "/blog/old/"}, {"label": "Else", "url": "/"}]).save()
    move(old, "new")
    moves.follow_moved()
    card.refresh_from_db()
    assert (card.url, card.html) == ("/blog/new/?from=card", FOLLOWED)
    assert Author.objects.get(pk=author.pk).bio_html == FOLLOWED
    assert [entry["url"] for entry in SiteProfile.current().navigation] == ["/blog/new/", "/"]


def test_a_text_that_is_saved_gets_the_addresses_of_today(old, settings):
    move(old, "new")
    absolute = LINKS.replace('"/blog', f'"{settings.SITE_URL}/blog')
    article = factories.article(
        {"type": "richtext", "html": absolute},
        {"type": "cta", "heading": "h", "label": "l", "url": "/blog/old/"},
        {"type": "related", "article": "old"},
        {"type": "image", "src": factories.image().file, "link": "/blog/old/"},
        {"type": "gallery", "images": [{"src": factories.image().file, "link": "/blog/old/#part"}]},
    )
    html, card, named, image, gallery = document_of(article)["blocks"]
    assert (image["link"], gallery["images"][0]["link"]) == ("/blog/new/", "/blog/new/#part")
    assert (html["html"], card["url"], named["article"]) == (FOLLOWED, "/blog/new/", "new")


def test_an_old_version_is_published_with_the_addresses_of_today(old):
    other = factories.publication({"type": "richtext", "html": LINKS}, slug="other")
    move(old, "new")
    assert Revision.objects.get(article=other.article).document["blocks"][0]["html"] == LINKS
    assert publishing.publish(other.article, version=1).html.count('href="/blog/new') == 2


def test_an_article_that_moves_twice_is_followed_to_the_end(old):
    other = factories.publication({"type": "richtext", "html": LINKS}, slug="other")
    move(old, "middle")
    move(old, "new")
    moves.follow_moved()
    other.refresh_from_db()
    assert other.html.count('href="/blog/new') == 2


def test_an_article_that_is_taken_down_has_not_moved(old):
    other = factories.publication({"type": "richtext", "html": LINKS}, slug="other")
    publishing.archive(old.article)
    assert moves.follow_moved() == 0
    other.refresh_from_db()
    assert "/blog/old/" in other.html


def test_a_text_that_cannot_be_changed_stops_no_other(old):
    full = factories.card("full", url=f"/blog/old/?{'x' * 485}")
    other = factories.publication({"type": "richtext", "html": LINKS}, slug="other")
    after = factories.author("zoe", bio_html=LINKS)
    move(old, "n" * 100)
    moves.follow_moved()
    for row in (full, other, after):
        row.refresh_from_db()
    assert full.url.startswith("/blog/old/")  # the new address does not fit; the redirect serves it
    assert f"/blog/{'n' * 100}/" in other.html
    assert f"/blog/{'n' * 100}/" in after.bio_html
