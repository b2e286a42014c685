"""What articles refer to, at the desk: categories, redirects, snippets."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles.models import Article, Redirect, Snippet, Tag
from tests.articles import factories

pytestmark = pytest.mark.django_db


def test_a_moved_category_redirects(editor, client):
    category = factories.category("old")
    client.post(
        reverse("admin:articles_category_change", args=[category.pk]), {"name": "New", "slug": "new", "position": "0"}
    )
    assert client.get("/blog/category/old/")["Location"] == "/blog/category/new/"


def test_redirects_can_be_edited(editor, client):
    add = reverse("admin:articles_redirect_add")
    client.post(add, {"path": "/old/", "target": "/blog/"})
    assert Redirect.objects.get().target == "/blog/"
    for path, target in (("old", "/blog/"), ("/x/", "javascript:alert(1)"), ("/x/", "//evil.example/")):
        assert client.post(add, {"path": path, "target": target}).status_code == 200
    assert Redirect.objects.count() == 1


def test_a_snippet_with_a_hostile_link_is_refused(editor, client):
    values = {"slug": "x", "kind": "cta", "heading": "h", "label": "l", "url": "javascript:alert(1)", "html": ""}
    page = client.post(reverse("admin:articles_snippet_add"), values).content.decode()
    assert "A link starts with" in page
    assert not Snippet.objects.exists()


def test_links_of_a_snippet_are_those_that_articles_may_have(editor, client):
    values = {"slug": "x", "kind": "cta", "heading": "h", "label": "l", "url": "example.org:8080/x?utm_source=us"}
    add = reverse("admin:articles_snippet_add")
    page = client.post(add, values | {"html": '<p><a href="ftp://a.example/">x</a></p>'}).content.decode()
    assert "A link to “ftp://a.example/” cannot be published." in page
    client.post(add, values | {"html": '<p><a href="a.example?fbclid=1">x</a></p>'})
    snippet = Snippet.objects.get()
    assert snippet.url == "https://example.org:8080/x?utm_source=us"
    assert snippet.html == '<p><a href="https://a.example">x</a></p>'


def test_links_of_an_author_are_lines_of_text(editor, client):
    author = factories.author("ana", links=[{"label": "Own site", "url": "https://ana.example/"}])
    path = reverse("admin:articles_author_change", args=[author.pk])
    assert "Own site https://ana.example/" in client.get(path).content.decode()
    values = {
        "slug": "ana",
        "name": "Ana",
        "links": "Mastodon https://m.example/@ana\r\n\r\nOwn site https://ana.example/",
    }
    client.post(path, values)
    author.refresh_from_db()
    assert [link["label"] for link in author.links] == ["Mastodon", "Own site"]
    page = client.post(path, values | {"links": "Evil javascript:alert(1)"}).content.decode()
    assert "a label and an address" in page


def test_a_tag_of_very_many_articles_is_taken_off_them_in_the_background_before_it_is_deleted(editor, client):
    huge, small = factories.tag("huge"), factories.tag("small")
    many = Article.objects.bulk_create(Article(title="x", slug=f"x-{number}", version=1) for number in range(1001))
    Article.tags.through.objects.bulk_create(Article.tags.through(article=article, tag=huge) for article in many)
    small.articles.add(many[0])
    answer = client.post(reverse("admin:articles_tag_delete", args=[huge.pk]), {"post": "yes"})
    assert answer["Location"] == f"{reverse('admin:articles_articleact_choose')}?tag=huge"
    assert "more than 1,000 articles" in client.get(answer["Location"]).content.decode()
    ticked = {"action": "delete_selected", "_selected_action": [huge.pk, small.pk], "post": "yes"}
    client.post(reverse("admin:articles_tag_changelist"), ticked)
    assert list(Tag.objects.all()) == [huge]


def test_the_question_before_a_tag_is_deleted_costs_the_same_however_many_have_it(
    editor, client, django_assert_max_num_queries
):
    one, other = factories.tag("one"), factories.tag("other")
    for number in range(9):
        factories.article(slug=f"a-{number}", tags=["one"])
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("admin:articles_tag_delete", args=[other.pk]))
    with django_assert_max_num_queries(len(asked)):
        client.get(reverse("admin:articles_tag_delete", args=[one.pk]))
