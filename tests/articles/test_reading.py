"""What readers and machines get: pages, lists, search, feeds, maps, the API; and what it costs."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from defusedxml import ElementTree
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from articles import sitemaps
from articles.documents import apply_document, document_of
from articles.models import Article, PreviewLink, Snippet
from articles.publishing import publish
from core.lib.signing import make_token
from tests.articles import factories

pytestmark = pytest.mark.django_db
FAQ = {"type": "faq", "question": "Is it safe?", "answer": "<p>It depends.</p>"}


@pytest.fixture
def rich():
    """An article that shows everything at once."""
    factories.category(
        "research", disclaimer=Snippet.objects.create(slug="warning", kind="disclaimer", html="<p>No advice.</p>")
    )
    factories.author("ana", role="Reporter", bio_html="<p>Writes.</p>")
    factories.tag("ether")
    factories.tag("bitcoin")
    factories.card("unused", heading="Nowhere")
    factories.card("subscribe", heading="Stay in touch")
    other = factories.publication(title="The other one", slug="other")
    for _ in range(4):
        factories.publication()
    return factories.publication(
        {"type": "richtext", "html": "<h2>First part</h2><p>Some <em>words</em>.</p>"},
        {"type": "cta", "snippet": "subscribe"},
        {"type": "sponsor_slot"},
        {"type": "related", "article": other.slug},
        {"type": "signup"},
        FAQ,
        slug="rich",
        category="research",
        authors=["ana"],
        tags=["bitcoin"],
        cta="subscribe",
        standfirst="What it is about.",
        cover={"src": factories.image().file, "alt": "A picture"},
    )


def test_an_article_page_may_be_kept_by_anyone(rich, client):
    answer = client.get("/blog/rich/")
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies


def test_an_article_page_has_all_its_parts(rich, client):
    page = client.get("/blog/rich/").content.decode()
    for part in ("First part", 'id="first-part"', "Stay in touch", "The other one", "No advice.", "Is it safe?", "Ana", "Writes.", "min read", "What it is about.", 'rel="canonical"', "og:image"):  # fmt: skip
        assert part in page, part
    assert "<!--slot" not in page
    assert "Nowhere" not in page
    assert 'href="/blog/tag/bitcoin/"' in page
    assert "/blog/tag/ether/" not in page


def test_lists_take_few_queries(rich, client, django_assert_max_num_queries):
    client.get("/blog/search/?q=words")  # what every page shares is kept for a content generation
    for path in (
        "/",
        "/blog/",
        "/blog/category/research/",
        "/blog/tag/bitcoin/",
        "/blog/author/ana/",
        "/blog/search/?q=words",
        "/feed.xml",
    ):
        with django_assert_max_num_queries(5):
            assert client.get(path).status_code == 200, path


def test_a_snippet_changed_once_changes_every_page(rich, client):
    card = Snippet.objects.get(slug="subscribe")
    card.heading = "Another heading"
    card.save()
    page = client.get("/blog/rich/").content.decode()
    assert page.count("Another heading") == 2
    assert "Stay in touch" not in page


def test_an_author_renamed_is_renamed_everywhere(rich, client):
    author = factories.author("ana")
    author.name = "Ana Lima"
    author.save()
    assert "Ana Lima" in client.get("/blog/rich/").content.decode()
    assert "Ana Lima" in client.get("/blog/").content.decode()


def test_a_later_page_of_a_list_has_a_title_and_an_address_of_its_own(client):
    factories.many(13)
    page = client.get("/blog/?page=2").content.decode()
    assert "<title>Articles, page 2 · " in page
    assert f'rel="canonical" href="{settings.SITE_URL}/blog/?page=2"' in page
    assert "page 1" not in client.get("/blog/?page=1").content.decode().partition("</title>")[0]


def test_drafts_are_nowhere(client):
    factories.category("research")
    factories.author("ana")
    factories.article(
        title="Secret plans", slug="secret", category="research", authors=["ana"], standfirst="Secret plans"
    )
    paths = ["/", "/blog/", "/blog/category/research/", "/blog/author/ana/", "/blog/search/?q=secret", "/feed.xml", "/feed.json", "/sitemap-articles-1.xml", "/llms.txt", "/api/v1/articles/", "/api/v1/articles/secret/", "/blog/secret/"]  # fmt: skip
    for path in paths:
        assert "Secret plans" not in client.get(path).content.decode(), path
    assert client.get("/blog/secret/").status_code == 404


def test_an_unknown_slug_gets_a_helpful_page(client):
    answer = client.get("/blog/nothing-here/")
    assert answer.status_code == 404
    assert 'action="/blog/search/"' in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/blog/?page=99",
        "/blog/?page=x",
        "/blog/tag/none/",
        "/blog/category/none/",
        "/blog/author/none/",
        "/blog/archive/2026/13/",
        "/blog/nonsense/x/feed.xml",
        "/sitemap-articles-9.xml",
        "/sitemap-nothing.xml",
    ],
)
def test_what_is_not_there_is_a_404(client, path):
    assert client.get(path).status_code == 404


def test_search_ranks_marks_and_escapes(client):
    factories.publication(
        {"type": "richtext", "html": "<p>One remark about <code>&lt;script&gt;</code> halving.</p>"},
        title="Something else",
    )
    factories.publication(title="The halving explained")
    page = client.get("/blog/search/?q=halving").content.decode()
    assert page.index("The halving explained") < page.index("Something else")
    assert "<mark>halving</mark>" in page
    assert "<script>" not in page.split("</head>")[1].replace('<script type="module"', "")


@pytest.mark.parametrize("query", ["", "   ", "%00", "' OR 1=1 --", '"unclosed', "-", "a" * 5000, "🌕", "or and not"])
def test_any_search_is_answered(client, query):
    assert client.get("/blog/search/", {"q": query}).status_code == 200
    assert client.get("/blog/search/", query_string=f"q={query}").status_code == 200


def test_a_title_cannot_end_the_script_element(client):
    shown = factories.publication(title="</script><script>alert(1)</script>", slug="x")
    page = client.get(shown.get_absolute_url()).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/feed.xml",
        "/feed.atom",
        "/blog/category/research/feed.xml",
        "/blog/tag/bitcoin/feed.atom",
        "/blog/author/ana/feed.xml",
        "/sitemap.xml",
        "/sitemap-pages.xml",
        "/sitemap-articles-1.xml",
        "/news-sitemap.xml",
    ],
)
def test_feeds_and_maps_are_well_formed(rich, client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    ElementTree.fromstring(answer.content)


def test_a_feed_carries_the_text_without_slots(rich, client):
    item = client.get("/blog/author/ana/feed.json").json()["items"][0]
    assert "<em>words</em>" in item["content_html"]
    assert "slot" not in item["content_html"]
    assert item["authors"][0]["name"] == "Ana"


def test_the_news_sitemap_holds_two_days(client):
    publish(factories.article(title="Old news"), at=timezone.now() - timedelta(days=3))
    factories.publication(title="Fresh & new")
    text = client.get("/news-sitemap.xml").content.decode()
    assert "Fresh &amp; new" in text
    assert "Old news" not in text


def test_robots_and_llms_tell_where_things_are(rich, client):
    assert "Sitemap: http" in client.get("/robots.txt").content.decode()
    assert rich.title in client.get("/llms.txt").content.decode()


def test_the_api_lists_filters_and_shows(rich, client):
    found = client.get("/api/v1/articles/?category=research&tag=bitcoin&author=ana&q=words").json()
    assert [entry["slug"] for entry in found["results"]] == ["rich"]
    one = client.get("/api/v1/articles/rich/").json()
    assert one["faq"][0]["question"] == "Is it safe?"
    assert "slot" not in one["html"]
    assert client.post("/api/v1/articles/", {}).status_code in (403, 405)
    assert [entry["slug"] for entry in client.get("/api/v1/categories/").json()] == ["research"]


def test_a_preview_link_shows_the_draft_and_is_never_kept(client):
    draft = factories.article(title="Not out yet")
    answer = client.get(draft.preview_links.create().get_absolute_url())
    assert "Not out yet" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert 'name="robots" content="noindex' in answer.content.decode()
    assert "application/ld+json" not in answer.content.decode()


def test_a_preview_draws_and_stores_nothing(client):
    covered = factories.article(cover={"src": factories.image().file, "focal": [0.1, 0.9]})
    before = sorted(Path(settings.MEDIA_ROOT).rglob("*"))
    for draft in (covered, factories.article(title="A title that nobody has drawn yet")):
        assert client.get(draft.preview_links.create().get_absolute_url()).status_code == 200
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*")) == before


@pytest.mark.parametrize("end", ["expires_at", "revoked_at"])
def test_a_preview_that_is_over_or_taken_back_says_so(client, end):
    link = factories.article(title="Not out yet").preview_links.create(made_at=timezone.now() - timedelta(days=8))
    PreviewLink.objects.update(**{end: timezone.now()})
    answer = client.get(link.get_absolute_url())
    assert answer.status_code == 410
    assert "no longer works" in answer.content.decode()
    assert "Not out yet" not in answer.content.decode()


@pytest.mark.parametrize(
    "token",
    ["x", "AAAA", "é", "a" * 4000, "bm90LW91cnM", make_token("another.purpose", 1), make_token("articles.preview", 9)],
)
def test_a_made_up_preview_is_a_404(client, token):
    assert client.get(f"/preview/{token}/").status_code == 404


def test_a_preview_of_changes_leaves_readers_alone(client):
    shown = factories.publication(title="Before")
    apply_document(shown.article, {**document_of(shown.article), "title": "After"})
    assert "After" in client.get(shown.article.preview_links.create().get_absolute_url()).content.decode()
    cache.clear()
    assert "Before" in client.get(shown.get_absolute_url()).content.decode()


def test_reader_pages_allow_no_inline_script_or_style(rich, client):
    answer = client.get("/blog/rich/")
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*(?:\bsrc=|application/ld\+json))", page)


def test_reading_time_is_counted_or_said():
    long = {"type": "richtext", "html": f"<p>{'word ' * 1000}</p>"}
    assert factories.publication(long).reading_minutes == 5
    assert factories.publication(long, reading_minutes=9).reading_minutes == 9


def test_the_archive_lists_months(client):
    publish(factories.article(title="In May"), at=timezone.now().replace(year=2025, month=5, day=1))
    assert "May 2025" in client.get("/blog/archive/").content.decode()
    assert "In May" in client.get("/blog/archive/2025/5/").content.decode()
    assert Article.objects.count() == 1


def test_pages_of_a_list_follow_each_other_without_gaps(client):
    factories.category("news")
    factories.author("ana")
    factories.tag("fees")
    titles = []
    for number in range(25):
        titles.insert(0, f"Number {number}.")
        factories.publication(title=titles[0], category="news", authors=["ana"], tags=["fees"])
    month = f"/blog/archive/{timezone.now():%Y/%-m}/"
    for path in ("/blog/", "/blog/category/news/", "/blog/tag/fees/", "/blog/author/ana/", month):
        pages = [client.get(f"{path}?page={number}").content.decode() for number in (1, 2, 3)]
        shown = [
            title for page in pages for title in re.findall(r"card__title\"[^>]*>\s*<a [^>]*>(Number \d+\.)", page)
        ]
        assert shown == titles, path
        assert "Page 3 of 3" in pages[2]
        assert client.get(f"{path}?page=4").status_code == 404
    found = [client.get(f"/api/v1/articles/?tag=fees&page={number}").json() for number in (1, 2)]
    assert [entry["title"] for page in found for entry in page["results"]] == titles
    assert found[0]["count"] == 25


def test_a_sitemap_page_starts_where_the_last_one_ended(client):
    full = sitemaps.PER_PAGE
    slugs = [publication.slug for publication in factories.many(full + 2)]
    assert client.get("/sitemap.xml").content.decode().count("/sitemap-articles-") == 2
    pages = [client.get(f"/sitemap-articles-{number}.xml").content.decode() for number in (1, 2)]
    assert [re.findall(r"/blog/([\w-]+)/</loc><lastmod>", page) for page in pages] == [slugs[:full], slugs[full:]]
    assert client.get("/sitemap-articles-3.xml").status_code == 404
