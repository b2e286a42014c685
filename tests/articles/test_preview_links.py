"""Links to what is not published yet are made on purpose, listed, and taken back."""

import pytest
from django.test import Client

from articles.models import PreviewLink
from tests.articles import factories
from tests.articles.desk import url

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    return factories.article(title="Not out yet")


def page(client, article):
    return client.get(url("preview", article.pk)).content.decode()


def test_looking_at_the_preview_makes_no_link(editor, client, article):
    assert "There are none" in page(client, article)
    assert not PreviewLink.objects.exists()


def test_a_link_is_listed_with_who_made_it_and_until_when(editor, client, article):
    client.post(url("share", article.pk))
    link = article.preview_links.get()
    shown = page(client, article)
    assert link.address in shown
    assert link.address.startswith("http://localhost:8000/preview/")
    assert f"by {editor}" in shown
    assert f"{link.expires_at:%-d %b %Y, %H:%M}" in shown
    assert "Not out yet" in Client().get(link.get_absolute_url()).content.decode()


def test_a_link_goes_by_the_sites_address_whoever_asks(editor, client, article, settings):
    settings.ALLOWED_HOSTS = ["*"]
    client.post(url("share", article.pk))
    assert "elsewhere" not in client.get(url("preview", article.pk), headers={"Host": "elsewhere.example:99"}).text


def test_anyone_who_works_on_the_article_takes_a_link_back(editor, client, article, writer):
    client.post(url("share", article.pk))
    link = article.preview_links.get()
    client.force_login(writer)
    client.post(url("revoke", article.pk, link.pk))
    assert link.address not in page(client, article)
    assert Client().get(link.get_absolute_url()).status_code == 410
    actions = list(article.audit_entries.order_by("pk").values_list("action", "by_name"))
    assert actions[-2:] == [("shared", str(editor)), ("revoked", str(writer))]


def test_a_link_is_taken_back_at_its_own_article_alone(editor, client, article):
    other = factories.article(title="Another", slug="another").preview_links.create()
    assert client.post(url("revoke", article.pk, other.pk)).status_code == 404
    assert other.is_open
