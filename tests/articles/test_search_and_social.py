"""What search engines and social sites get of an article, the date that readers see, and corrections."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from articles import publishing
from articles.document_schema import DocumentError
from articles.documents import apply_document, document_of
from articles.models import Article, Publication
from core.transitions import TransitionRefused
from tests.articles import factories
from tests.articles.jsonld import nodes_of
from tests.articles.test_pages import posted

pytestmark = pytest.mark.django_db


def published(**parts):
    return factories.publication(title="Bridges break", slug="bridges", standfirst="Six of them.", **parts)


def html(client):
    return client.get("/blog/bridges/").content.decode()


def seo(**values):
    return {"title": "", "description": "", **values}


def test_social_sites_get_a_title_and_a_picture_of_their_own(client):
    cover, own = factories.image(), factories.image()
    before = published(cover={"src": cover.file, "alt": "A bridge"}).social_image
    article = Article.objects.get()
    typed = {**document_of(article), "seo": seo(title="For search", social_title="For friends", social_image=own.file)}
    apply_document(article, typed)
    publishing.publish(article)
    page = html(client)
    assert '<meta property="og:title" content="For friends">' in page
    assert '<meta name="twitter:title" content="For friends">' in page
    assert "<title>For search ·" in page
    assert Publication.objects.get().social_image not in ("", before)


def test_an_article_from_elsewhere_names_its_original_and_leaves_the_sitemap(client):
    published(seo=seo(canonical="https://first.example/bridges"))
    page = html(client)
    assert '<link rel="canonical" href="https://first.example/bridges">' in page
    assert '<meta property="og:url" content="https://first.example/bridges">' in page
    assert "/blog/bridges/" not in client.get("/sitemap-articles-1.xml").content.decode()
    assert "/blog/bridges/" not in client.get("/news-sitemap.xml").content.decode()
    assert "/blog/bridges/" in client.get("/feed.xml").content.decode()


def test_an_article_kept_from_search_engines_says_so_and_leaves_sitemap_and_feeds(client):
    published(seo=seo(noindex=True))
    factories.publication(slug="other")
    assert '<meta name="robots" content="noindex">' in html(client)
    for path in ("/sitemap-articles-1.xml", "/news-sitemap.xml", "/llms.txt", "/feed.xml", "/feed.atom", "/feed.json"):
        listed = client.get(path).content.decode()
        assert ("/blog/bridges/" in listed, "/blog/other/" in listed) == (False, True), path
    assert "/blog/bridges/" in client.get("/blog/").content.decode()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "/blog/x/", "https://", "https://a b.example/", "ftp://a.example/"]
)
def test_the_address_of_an_original_is_a_web_address(address):
    with pytest.raises(DocumentError, match="begins with https://"):
        factories.article(seo=seo(canonical=address))


def test_readers_see_what_was_corrected_and_when(client):
    later = {"date": "2026-05-03", "text": "The fee is 2 %, not <3 %>."}
    earlier = {"date": "2026-04-01", "text": "Six bridges, not five."}
    published(corrections=[earlier, later])
    page = html(client)
    assert page.index("3 May 2026</time>: The fee is 2 %, not &lt;3 %&gt;.") < page.index(
        "1 April 2026</time>: Six bridges"
    )
    (article,) = (node for node in nodes_of(page) if node["@type"] == "Article")
    assert article["correction"][0] == {
        "@type": "CorrectionComment", "text": later["text"], "datePublished": later["date"],
    }  # fmt: skip
    feed = json.loads(client.get("/feed.json").content)
    assert "3 May 2026</time>: The fee is 2 %" in feed["items"][0]["content_html"]
    assert "not &amp;lt;3" in client.get("/feed.xml").content.decode()


def test_a_correction_changes_the_date_of_the_last_change(client, time_machine):
    time_machine.move_to(datetime(2026, 4, 1, tzinfo=UTC))
    article = published().article
    time_machine.move_to(datetime(2026, 5, 3, tzinfo=UTC))
    apply_document(article, {**document_of(article), "corrections": [{"date": "2026-05-03", "text": "Six."}]})
    publishing.publish(article)
    (node,) = (node for node in nodes_of(html(client)) if node["@type"] == "Article")
    assert (node["datePublished"][:10], node["dateModified"][:10]) == ("2026-04-01", "2026-05-03")


@pytest.mark.parametrize(
    "corrections",
    [
        [{"date": "3 May", "text": "x"}],
        [{"date": "2026-05-03"}],
        "x",
        [{"date": "2026-05-03", "text": " "}],
        [1],
        [{}] * 21,
    ],
)
def test_a_correction_without_day_or_words_is_refused(corrections):
    with pytest.raises(DocumentError):
        factories.article(corrections=corrections)


@pytest.fixture
def editor(client):
    user = factories.user("editor")
    client.force_login(user)
    return user


def typed(client, article, **fields):
    return posted(client, f"/admin/articles/article/{article.pk}/change/", **fields).content.decode()


def test_a_correction_is_typed_with_its_day_or_is_of_today(editor, client, settings, time_machine):
    settings.TIME_ZONE = "Europe/Berlin"
    time_machine.move_to(datetime(2026, 5, 3, 22, 30, tzinfo=UTC))  # the fourth, in the newsroom
    article = factories.article()
    typed(client, article, corrections="2026-04-01: Six, not five.\nThe fee is 2 %.", _save="1")
    article.refresh_from_db()
    assert article.corrections == [
        {"date": "2026-05-04", "text": "The fee is 2 %."}, {"date": "2026-04-01", "text": "Six, not five."},
    ]  # fmt: skip
    assert "2026-04-01 Six, not five." in client.get(f"/admin/articles/article/{article.pk}/change/").content.decode()
    assert "Say what was corrected" in typed(client, article, corrections="2026-05-03", _save="1")


def test_an_article_is_backdated_and_no_other_press_changes_its_date(editor, client):
    article = published().article
    today = timezone.now()
    assert "once it is published" in typed(client, article, dated_at="2025-01-02T09:30", _save="1")
    assert Publication.objects.get().published_at.date() == today.date()
    # a text, without which nothing is published
    publishing.publish(article, dated=datetime(2025, 1, 2, 9, 30, tzinfo=UTC))
    shown = Publication.objects.get()
    assert shown.published_at == datetime(2025, 1, 2, 9, 30, tzinfo=UTC)
    assert shown.updated_at.date() == today.date()
    publishing.publish(article)
    assert Publication.objects.get().published_at == datetime(2025, 1, 2, 9, 30, tzinfo=UTC)
    with pytest.raises(TransitionRefused, match="A date in the future is a schedule"):
        publishing.publish(article, dated=today + timedelta(days=1))
    assert "That is in the future" in typed(client, article, dated_at="2099-01-02T09:30", _save="1")


def test_the_desk_shows_how_search_and_social_sites_will_show_it(editor, client, settings):
    settings.SITE_URL = "https://news.example"
    article = factories.article(
        title="Bridges break", slug="bridges", standfirst="Six of them.", seo=seo(social_title="For friends")
    )
    page = client.get(f"/admin/articles/article/{article.pk}/change/").content.decode()
    seen = page[page.index("desk-seen__result") : page.index("On social sites")]
    assert "https://news.example/blog/bridges/" in seen
    assert "Bridges break" in seen
    assert "Six of them." in seen
    assert ">For friends</p>" in page
    assert "13 characters of about 60" in page


def test_a_picture_for_social_sites_is_kept_as_the_article_s():
    from articles.rendering import sources_of

    own = factories.image()
    article = factories.article(seo=seo(social_image=own.file))
    assert own.file in sources_of(document_of(article))
