"""An article becomes a template, and new ones begin with it."""

import pytest
from django.contrib.auth.models import Permission

from articles.desk.templates import make_template
from articles.documents import document_of
from articles.models import Article, ArticleTemplate
from tests.articles import factories
from tests.articles.desk import posted, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(db):
    factories.category("research")
    factories.author("ana")
    factories.series("figures")
    text = {"type": "richtext", "html": "<h2>What moved</h2><p>Text.</p>"}
    return factories.article(
        text,
        title="Week in figures",
        slug="week-9",
        category="research",
        authors=["ana"],
        series="figures",
        part=9,
        corrections=[{"date": "2026-03-01", "text": "It was 2."}],
        seo={"title": "Week 9", "description": "", "canonical": "https://elsewhere.example/9"},
    )


def test_a_new_article_begins_with_the_template_and_none_of_the_articles_own(editor, client, article):
    client.post(url("template", article.pk), {"name": "Weekly figures"})
    template = ArticleTemplate.objects.get(name="Weekly figures")
    page = client.get(f"{url('add')}?template={template.pk}").content.decode()
    assert 'value="Week in figures"' in page
    assert "What moved" in page
    assert "week-9" not in page
    assert "elsewhere.example" not in page
    assert "It was 2." not in page


def test_whoever_writes_signs_what_begins_with_a_template(client, writer, article):
    template = make_template(article, name="Weekly figures")
    factories.author("wren", user=writer)
    client.force_login(writer)
    page = client.get(f"{url('add')}?template={template.pk}").content.decode()
    assert 'value="wren"' in page
    assert 'value="ana"' not in page


def test_a_template_stays_as_it_is_whatever_becomes_of_its_article(editor, client, article):
    template = make_template(article, name="Weekly figures")
    article.delete()
    answer = client.post(f"{url('add')}?template={template.pk}", posted(template.document | {"slug": ""}))
    assert answer.status_code == 302
    assert document_of(Article.objects.get())["blocks"] == template.document["blocks"]


def test_a_template_follows_a_category_that_is_renamed(editor, client, article):
    template = make_template(article, name="Weekly figures")
    category = factories.category("research")
    client.post(f"/admin/articles/category/{category.pk}/change/", {"name": "R", "slug": "studies", "position": 0})
    page = client.get(f"{url('add')}?template={template.pk}").content.decode()
    assert '<option value="studies" selected>' in page


def test_a_name_is_asked_before_a_template_is_replaced(editor, client, article):
    make_template(factories.article(), name="Weekly figures")
    answer = client.post(url("template", article.pk), {"name": " Weekly  figures "})
    assert "There is a template of this name" in answer.content.decode()
    client.post(url("template", article.pk), {"name": "Weekly figures", "replace": "on"})
    assert ArticleTemplate.objects.get().document["title"] == "Week in figures"


def test_who_may_only_add_templates_replaces_none(client, writer, article):
    make_template(factories.article(title="Kept"), name="Weekly figures")
    writer.user_permissions.add(Permission.objects.get(codename="add_articletemplate"))
    client.force_login(writer)
    assert 'name="replace"' not in client.get(url("template", article.pk)).content.decode()
    answer = client.post(url("template", article.pk), {"name": "Weekly figures", "replace": "on"})
    assert "There is a template of this name. Choose another." in answer.content.decode()
    assert ArticleTemplate.objects.get().document["title"] == "Kept"


def test_editors_keep_templates_and_writers_begin_with_them(client, writer, article):
    template = make_template(article, name="Weekly figures")
    client.force_login(writer)
    assert client.post(url("template", article.pk), {"name": "Mine"}).status_code == 403
    listed = client.get("/admin/articles/articletemplate/").content.decode()
    assert f'href="{url("add")}?template={template.pk}"' in listed
    assert client.post(f"/admin/articles/articletemplate/{template.pk}/delete/", {"post": "yes"}).status_code == 403


def test_what_is_no_template_begins_an_empty_article(editor, client):
    for key in ("0", "x", "99999999999999999999"):
        assert client.get(f"{url('add')}?template={key}").status_code == 200
