"""The buttons of the edit page: publish, schedule, send to review."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.documents import document_of
from articles.models import Article, AuditEntry, Publication
from articles.publishing import schedule_end, submit
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


@pytest.mark.parametrize("button", ["_publish", "_schedule", "_unschedule", "_unpublish", "_archive", "_back"])
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
    assert "Write a date and a time" in answer.content.decode()


def press(client, article, button, **typed):
    """Press a button of the edit page; return the page that it leads to."""
    article.refresh_from_db()
    sent = posted(document_of(article), version=article.version) | {button: "1"} | typed
    return client.post(url("change", article.pk), sent, follow=True).content.decode()


def test_a_schedule_is_entered_in_the_zone_of_who_enters_it(editor, client):
    editor.time_zone = "America/New_York"
    editor.save()
    article = factories.article()
    assert "America/New_York</span>" in client.get(url("change", article.pk)).content.decode()
    page = press(client, article, "_schedule", schedule_at="2099-07-01T10:30", schedule_until="2099-12-01T10:30")
    assert "will be published on 1 July 2099, 10:30 EDT." in page
    assert 'goes offline on <time datetime="2099-12-01T10:30:00-05:00">1 December 2099, 10:30 EST</time>' in page
    article.refresh_from_db()
    assert article.publish_at.isoformat() == "2099-07-01T14:30:00+00:00"
    assert AuditEntry.objects.get().detail == "version 1 for 1 July 2099, 14:30 UTC"


def test_a_schedule_in_the_night_of_daylight_saving_is_refused_or_asked_about(editor, client):
    editor.time_zone = "Europe/Berlin"
    editor.save()
    article = factories.article()
    assert "never show 02:30: choose 03:30 or later" in press(
        client, article, "_schedule", schedule_at="2099-03-29T02:30"
    )
    page = press(client, article, "_schedule", schedule_at="2099-10-25T02:30")
    assert "Choose which of the two you mean" in page
    assert "the second, 02:30 CET" in page
    press(client, article, "_schedule", schedule_at="2099-10-25T02:30", schedule_at_turn="1")
    article.refresh_from_db()
    assert article.publish_at.isoformat() == "2099-10-25T01:30:00+00:00"


def test_cancelling_a_schedule_says_what_is_cancelled_and_what_the_article_is_now(editor, client):
    article = factories.article()
    press(client, article, "_schedule", schedule_at="2099-07-01T10:30")
    page = press(client, article, "_unschedule")
    assert "The schedule is cancelled (version 1 for 1 July 2099, 10:30 UTC). Its state is now “draft”." in page
    article.refresh_from_db()
    assert (article.state, article.publish_at, article.scheduled_version) == ("draft", None, None)
    last = AuditEntry.objects.first()
    assert (last.action, last.detail, last.by) == (
        "schedule cancelled", "version 1 for 1 July 2099, 10:30 UTC", editor,
    )  # fmt: skip
    assert "Nothing is scheduled for this article any more." in press(client, article, "_unschedule")


def test_cancelling_the_end_of_a_published_article_leaves_it_published(editor, client):
    article = factories.publication().article
    schedule_end(article, at=timezone.now() + timedelta(days=3))
    assert "Its state is now “published”." in press(client, article, "_unschedule")
    article.refresh_from_db()
    assert (article.state, article.unpublish_at) == ("published", None)


def test_sending_back_asks_why_and_shows_it_to_the_author(editor, client, writer):
    article = factories.article(title="Fees")
    Article.objects.update(created_by=writer)
    submit(article, by=writer)
    assert "Say why it is sent back" in press(client, article, "_back")
    assert Article.objects.get().state == "in_review"
    press(client, article, "_back", back_reason="Who says so?")
    client.force_login(writer)
    for page in (url("change", article.pk), "/admin/"):
        assert "Who says so?" in client.get(page).content.decode()
        assert "sent back</span>" in client.get(page).content.decode()
    assert AuditEntry.objects.first().detail == "Who says so?"
    page = press(client, article, "_submit")
    assert "Who says so?" not in page
    assert "in review</span>" in page


def test_what_readers_have_seen_cannot_be_deleted(client):
    client.force_login(factories.user("administrator"))
    shown = factories.publication()
    assert client.post(url("delete", shown.article_id), {"post": "yes"}).status_code == 403
    draft = factories.article()
    assert client.post(url("delete", draft.pk), {"post": "yes"}).status_code == 302
