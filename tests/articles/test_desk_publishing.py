"""The buttons of the edit page: publish, schedule, send to review."""

import pytest

from articles.documents import document_of
from articles.models import Article, AuditEntry, Publication
from tests.articles import factories
from tests.articles.desk import posted, url

pytestmark = pytest.mark.django_db


def test_an_editor_publishes(editor, client):
    client.post(url("add"), posted(factories.document(slug="news")) | {"_publish": "1"})
    assert client.get("/blog/news/").status_code == 200
    assert AuditEntry.objects.get().by == editor


def test_what_blocks_publication_is_said_and_the_words_are_saved(editor, client):
    blocks = [{"type": "richtext", "html": "<p>TK: find the figure</p>"}]
    answer = client.post(url("add"), posted(factories.document(blocks=blocks)) | {"_publish": "1"}, follow=True)
    assert "unfinished mark" in answer.content.decode()
    assert Article.objects.get().state == "draft"
    assert not Publication.objects.exists()


def test_what_blocks_publication_stops_a_schedule_too(editor, client):
    document = factories.document(blocks=[{"type": "richtext", "html": "<p>TK: find the figure</p>"}])
    when = {"_schedule": "1", "schedule_at": "2099-01-01T10:30"}
    assert "unfinished mark" in client.post(url("add"), posted(document) | when, follow=True).content.decode()
    assert (Article.objects.get().state, Article.objects.get().publish_at) == ("draft", None)


@pytest.mark.parametrize("button", [{"_publish": "1"}, {"_schedule": "1", "schedule_at": "2099-01-01T10:30"}])
def test_a_press_of_a_button_renders_the_article_once(editor, client, button):
    answer = client.post(url("add"), posted(factories.document()) | button)
    assert [template.name for template in answer.templates].count("articles/blocks/richtext.html") == 1


@pytest.mark.parametrize("button", ["_publish", "_schedule", "_unpublish", "_archive", "_back"])
def test_a_writer_cannot_publish(client, writer, button):
    client.force_login(writer)
    article = factories.article(title="Before")
    answer = client.post(
        url("change", article.pk), posted(factories.document(title="After"), version=1) | {button: "1"}
    )
    assert answer.status_code == 403
    assert Article.objects.get().title == "Before"
    assert 'name="_publish"' not in client.get(url("change", article.pk)).content.decode()


def test_a_writer_writes_and_sends_to_review(client, writer):
    client.force_login(writer)
    client.post(url("add"), posted(factories.document()) | {"_submit": "1"})
    assert Article.objects.get().state == "in_review"


def test_an_editor_schedules(editor, client):
    article = factories.article()
    document = document_of(article)
    client.post(
        url("change", article.pk), posted(document, version=1) | {"_schedule": "1", "schedule_at": "2099-01-01T10:30"}
    )
    article.refresh_from_db()
    assert (article.state, article.scheduled_version, article.publish_at.isoformat()) == (
        "scheduled",
        1,
        "2099-01-01T10:30:00+00:00",
    )
    answer = client.post(
        url("change", article.pk), posted(document, version=1) | {"_schedule": "1", "schedule_at": "soon"}, follow=True
    )
    assert "as a date and a time" in answer.content.decode()


def test_what_readers_have_seen_cannot_be_deleted(client):
    client.force_login(factories.user("administrator"))
    shown = factories.publication()
    assert client.post(url("delete", shown.article_id), {"post": "yes"}).status_code == 403
    draft = factories.article()
    assert client.post(url("delete", draft.pk), {"post": "yes"}).status_code == 302
