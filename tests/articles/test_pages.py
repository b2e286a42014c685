"""Pages of the site, such as About: where they may stand, how they are written, and where they do not appear."""

from datetime import UTC, datetime

import pytest
from django.core import checks
from django.urls import clear_url_caches, get_resolver, path

from articles import page_addresses, publishing
from articles.document_schema import DocumentError
from articles.documents import apply_document, create_article, document_of
from articles.models import Article, Kind, Publication, Redirect
from core import generation
from core.models import SiteProfile, Webhook
from core.transitions import TransitionRefused
from tests.articles import factories

pytestmark = pytest.mark.django_db


def draft(slug="about", **parts):
    return create_article(factories.document(slug=slug, kind="page", **parts))


def page(slug="about", **parts):
    publishing.publish(draft(slug, **parts))
    return Article.objects.get(kind=Kind.PAGE, slug=slug)


def test_a_published_page_stands_at_its_slug_and_a_draft_does_not(client):
    draft("imprint")
    page(title="About us")
    answer = client.get("/about/")
    assert answer.status_code == 200
    assert ">About us</h1>" in answer.content.decode()
    assert "s-maxage" in answer["Cache-Control"]
    assert client.get("/imprint/").status_code == 404
    assert client.get("/about").headers["Location"] == "/about/"
    assert client.get("/blog/about/").status_code == 404


def test_what_is_no_page_is_as_it_was_without_pages(client):
    page()
    Redirect.objects.create(path="/old-about", target="/about/")
    assert client.get("/old-about").headers["Location"] == "/about/"
    assert [client.get(path).status_code for path in ("/nothing/", "/nothing", "/About%00/", "/é/")] == [404] * 4
    assert client.get("/ABOUT/").headers["Location"] == "/about/"


@pytest.mark.parametrize(
    "slug",
    ["blog", "admin", "api", "newsletter", "awards", "advertise", "preview", "media", "static", "accounts", "b", "l", "o",
     "healthz", "metrics", "surveys", "sponsored-is-not-rated", "BLOG", "search", "login"],
)  # fmt: skip
def test_a_page_cannot_have_an_address_of_the_site(slug):
    with pytest.raises(DocumentError, match="is an address of the site itself"):
        draft(slug)
    assert not Article.objects.exists()


def test_every_address_of_the_site_is_known_to_be_taken():
    def beginnings(patterns, before=""):
        for pattern in patterns:
            whole = before + str(pattern.pattern)
            yield from beginnings(pattern.url_patterns, whole) if hasattr(pattern, "url_patterns") else [whole]

    first = {each.lstrip("^").split("/")[0] for each in beginnings(get_resolver().url_patterns) if "/" in each}
    assert {each for each in first if each and "<" not in each} <= page_addresses.taken()


def test_configured_folders_are_taken(settings):
    settings.MEDIA_URL, settings.STATIC_URL = "https://cdn.example/files/", "/assets/"
    assert {"files", "assets"} <= page_addresses.taken()


@pytest.fixture
def hidden():
    """A page whose slug has become an address of the site."""
    made = page("calculator")
    get_resolver().url_patterns.insert(0, path("calculator/", lambda _request: None))
    clear_url_caches()
    yield made
    get_resolver().url_patterns.pop(0)
    clear_url_caches()


def test_a_page_that_an_address_hides_is_named_and_cannot_be_published(hidden):
    (warning,) = checks.run_checks(tags=["database"], databases=["default"])
    assert (warning.id, "/calculator/" in warning.msg) == ("articles.W001", True)
    with pytest.raises(TransitionRefused, match="an address of the site itself"):
        publishing.publish(hidden)


def test_a_page_and_an_article_may_have_the_same_slug(client):
    factories.publication(slug="about", title="About bridges")
    page(title="About us")
    assert "About us" in client.get("/about/").content.decode()
    assert "About bridges" in client.get("/blog/about/").content.decode()
    assert draft("about").slug == "about-2"


def test_a_page_is_in_no_list_of_articles(client):
    factories.publication(title="The only article")
    page(title="Imprinted", standfirst="Imprinted")
    paths = ("/", "/blog/", "/feed.xml", "/feed.json", "/blog/search/?q=Imprinted", "/api/v1/articles/", "/blog/archive/",
             "/news-sitemap.xml", "/blog/the-only-article/")  # fmt: skip
    found = {
        path: client.get(path).content.decode().replace('q" value="Imprinted', "").count("Imprinted") for path in paths
    }
    in_footer = found["/"]
    assert in_footer == 1
    assert {path: count for path, count in found.items() if count > in_footer and "search" not in path} == {}
    assert Publication.objects.count() == 1


def test_a_page_is_in_the_sitemap_and_says_what_it_is(client):
    page()
    page("hidden", seo={"title": "", "description": "", "noindex": True})
    sitemap = client.get("/sitemap-pages.xml").content.decode()
    assert "/about/</loc><lastmod>" in sitemap
    assert "/hidden/" not in sitemap
    html = client.get("/about/").content.decode()
    assert '"@type":"WebPage"' in html
    assert 'property="og:type" content="website"' in html
    assert 'name="robots" content="noindex"' in client.get("/hidden/").content.decode()


def test_a_page_has_no_byline_and_no_ads():
    article = create_article(factories.document(kind="page", slug="about", authors=["ana"], tags=["x"], category="y"))
    document = document_of(article)
    assert (document["authors"], document["tags"], document["category"]) == ([], [], None)


def test_a_page_stays_a_page():
    article = page()
    with pytest.raises(DocumentError, match="nor a page an article"):
        apply_document(article, {key: value for key, value in document_of(article).items() if key != "kind"})


def test_readers_of_a_moved_page_are_led_on_and_its_change_is_seen_at_once(client):
    article = page()
    assert client.get("/about/").status_code == 200
    apply_document(article, {**document_of(article), "slug": "about-us", "title": "All about us"})
    publishing.publish(article)
    generation.reset()
    assert client.get("/about/").headers["Location"] == "/about-us/"
    assert "All about us" in client.get("/about-us/").content.decode()
    publishing.archive(article)
    generation.reset()
    assert client.get("/about-us/").headers["Location"] == "/"


def test_pages_tell_no_webhook_of_an_article():
    from core.models import OutgoingRequest

    Webhook.objects.create(name="all", url="https://hooks.example/", events=["article.published", "article.archived"])
    publishing.archive(page())
    assert not OutgoingRequest.objects.filter(webhook__isnull=False).exists()
    factories.publication()
    assert OutgoingRequest.objects.filter(webhook__isnull=False).count() == 1


def test_pages_have_a_list_at_the_desk_and_articles_another(client):
    client.force_login(factories.user("editor"))
    article, about = factories.article(title="Bridges"), page(title="About us")
    pages, articles = (client.get(f"/admin/articles/{name}/").content.decode() for name in ("page", "article"))
    assert ("About us" in pages, "Bridges" in pages) == (True, False)
    assert ("About us" in articles, "Bridges" in articles) == (False, True)
    assert (
        client.get(f"/admin/articles/page/{about.pk}/change/")
        .headers["Location"]
        .endswith(f"/article/{about.pk}/change/")
    )
    assert 'href="/admin/articles/article/add/?kind=page"' in pages
    edit = client.get(f"/admin/articles/article/{about.pk}/change/").content.decode()
    assert "id_category" not in edit
    assert "id_category" in client.get(f"/admin/articles/article/{article.pk}/change/").content.decode()


def posted(client, address, **typed):
    """Send the form at an address as its page has it, with something else typed."""
    form = client.get(address).context["adminform"].form
    fields = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    fields = {
        name: value
        for name, value in fields.items()
        if name not in ("noindex", "schedule_at", "schedule_until", "dated_at", "authors", "tags")
    }
    blocks = {f"{kind}-TOTAL_FORMS": "0" for kind in ()}
    inlines = client.get(address).context["inline_admin_formsets"]
    for inline in inlines:
        prefix = inline.formset.prefix
        blocks |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    kind = {"kind": "page"} if "kind=page" in address else {}
    return client.post(address, {**fields, **blocks, **kind, **typed}, follow=True)


def test_an_editor_writes_a_page_at_the_desk_and_is_told_of_a_slug_that_is_taken(client):
    client.force_login(factories.user("editor"))
    add = "/admin/articles/article/add/?kind=page"
    refused = posted(client, add, title="The blog", slug="blog", _save="1").content.decode()
    assert "is an address of the site itself" in refused
    assert not Article.objects.exists()
    posted(client, add, title="Privacy", _save="1")
    made = Article.objects.get()
    assert (made.kind, made.slug, made.version) == ("page", "privacy", 1)
    assert made.revisions.get().document["kind"] == "page"


def test_a_writer_writes_pages_and_publishes_none(client):
    client.force_login(factories.user("writer"))
    posted(client, "/admin/articles/article/add/?kind=page", title="Privacy", _save="1")
    made = Article.objects.get()
    assert client.post(f"/admin/articles/article/{made.pk}/change/", {"_publish": "1"}).status_code == 403
    client.force_login(factories.user("sponsorship manager"))
    assert client.get("/admin/articles/page/").status_code == 403


def test_a_footer_that_nobody_made_has_the_pages_and_one_that_was_made_has_its_links(client):
    page(title="About us")
    assert '<a href="/about/">About us</a>' in client.get("/blog/").content.decode()
    SiteProfile(footer=[{"heading": "Us", "label": "Who we are", "url": "/about/"}]).save()
    generation.reset()
    html = client.get("/blog/").content.decode()
    assert '<a href="/about/">Who we are</a>' in html
    assert "About us" not in html
    publishing.unpublish(Article.objects.get())
    generation.reset()
    assert "/about/" not in client.get("/blog/").content.decode()


def test_an_article_s_kept_frame_follows_the_footer(client):
    factories.publication(slug="bridges")
    SiteProfile(navigation=[{"label": "Who we are", "url": "/about/"}]).save()
    generation.reset()
    assert "Who we are" not in client.get("/blog/bridges/").content.decode()
    page()
    generation.reset()
    assert "Who we are" in client.get("/blog/bridges/").content.decode()


MENU = "/admin/core/siteprofile/1/change/"


def menu(client, *links, name="navigation", **more):
    """Save a menu's rows of (label, address), with their places."""
    keys = {"label": 0, "url": 1, "place": 2}
    fields = {
        "name": "Perigee",
        "stats": "[]",
        "social_links": "[]",
        "footer-url": "",
        "footer-label": "",
        "footer-heading": "",
        "navigation-url": "",
        "navigation-label": "",
    }
    fields |= {f"{name}-{key}": [link[at] for link in links] for key, at in keys.items()} | more
    return client.post(MENU, fields, follow=True).content.decode()


def test_staff_order_the_navigation_without_scripts(client):
    SiteProfile().save()
    page()
    client.force_login(factories.user("editor"))
    assert 'value="/about/"' in client.get(MENU).content.decode()
    menu(
        client,
        ("About", "/about/", "2"),
        ("Awards", "/awards/", "1"),
        ("Else", "https://else.example/", "3"),
        ("", "", "4"),
    )
    assert SiteProfile.objects.get().navigation == [
        {"label": "Awards", "url": "/awards/"}, {"label": "About", "url": "/about/"}, {"label": "Else", "url": "https://else.example/"},
    ]  # fmt: skip
    columns = menu(client, ("About", "/about/", "1"), name="footer", **{"footer-heading": ["Us"]})
    assert "was changed successfully" in columns
    assert SiteProfile.objects.get().footer == [{"heading": "Us", "label": "About", "url": "/about/"}]


@pytest.mark.parametrize(
    ("label", "url", "words"),
    [("Gone", "/gone/", "leads to no page"), ("Draft", "/imprint/", "leads to no page"), ("", "/blog/", "needs a label"),
     ("Script", "javascript:alert(1)", "begins with / or https://"), ("Twice", "//evil.example/", "leads to no page"),
     ("x" * 41, "/blog/", "needs a label"), ("Space", "/a b/", "has no spaces")],
)  # fmt: skip
def test_a_link_that_leads_nowhere_is_refused_in_words(label, url, words, client):
    SiteProfile().save()
    draft("imprint")
    client.force_login(factories.user("editor"))
    assert words in menu(client, (label, url, "1"))
    assert SiteProfile.objects.get().navigation == []


def test_a_writer_does_not_change_the_navigation(client):
    SiteProfile().save()
    client.force_login(factories.user("writer"))
    assert client.post(MENU, {"name": "Mine"}).status_code == 403


def test_a_page_has_the_date_of_its_last_change(client, time_machine):
    time_machine.move_to(datetime(2026, 3, 1, tzinfo=UTC))
    page()
    assert "<lastmod>2026-03-01T00:00:00+00:00" in client.get("/sitemap-pages.xml").content.decode()
