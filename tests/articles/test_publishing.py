"""From draft to reader and back; redirects; the schedule; the audit log."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from articles.by_the_clock import publish_due
from articles.desk.checks import blocking
from articles.documents import apply_document, document_of
from articles.models import Article, AuditEntry, Publication, Redirect
from articles.publishing import (  # fmt: skip
    archive,
    publish,
    schedule,
    schedule_end,
    send_back,
    submit,
    unpublish,
)
from articles.redirects import export_redirects, import_redirects, redirect_path
from core import generation
from core.transitions import TransitionRefused
from tests.articles import factories

pytestmark = pytest.mark.django_db
State = Article.State


def change(article, **parts):
    apply_document(article, {**document_of(article), **parts})


def test_readers_see_the_published_version_until_the_next():
    shown = factories.publication(title="Before")
    change(shown.article, title="After")
    assert Publication.objects.get().title == "Before"
    publish(shown.article)
    assert Publication.objects.get().title == "After"


def test_publishing_tells_the_page_cache():
    article = factories.article()
    before = generation.current()
    publish(article)
    assert generation.current() > before


def test_a_first_publication_can_be_dated_back_but_not_ahead():
    long_ago = timezone.now() - timedelta(days=400)
    shown = publish(factories.article(), at=long_ago)
    assert (shown.published_at, shown.updated_at) == (long_ago, long_ago)
    with pytest.raises(TransitionRefused, match="schedule"):
        publish(factories.article(), at=timezone.now() + timedelta(days=1))


def test_publishing_again_keeps_the_first_date():
    article = factories.article()
    first = publish(article, at=timezone.now() - timedelta(days=3)).published_at
    assert publish(article).published_at == first
    assert Publication.objects.get().updated_at > first


def test_a_changed_slug_redirects_and_chains_are_one_hop():
    shown = factories.publication(slug="one")
    for slug in ("two", "three"):
        change(shown.article, slug=slug)
        publish(shown.article)
    assert set(Redirect.objects.values_list("path", "target")) == {
        ("/blog/one/", "/blog/three/"),
        ("/blog/two/", "/blog/three/"),
    }
    answer = Client().get("/blog/one/")
    assert (answer.status_code, answer["Location"]) == (301, "/blog/three/")


def test_a_slug_that_comes_back_is_no_redirect_any_more():
    shown = factories.publication(slug="one")
    for slug in ("two", "one"):
        change(shown.article, slug=slug)
        publish(shown.article)
    assert Client().get("/blog/one/").status_code == 200
    assert Client().get("/blog/two/")["Location"] == "/blog/one/"


def test_an_archived_article_leads_to_its_category():
    factories.category("research")
    shown = factories.publication(slug="old", category="research")
    archive(shown.article)
    assert shown.article.state == State.ARCHIVED
    assert Client().get("/blog/old/")["Location"] == "/blog/category/research/"


def test_redirects_never_form_a_loop():
    redirect_path("/a/", "/b/")
    redirect_path("/b/", "/a/")
    assert list(Redirect.objects.values_list("path", "target")) == [("/b/", "/a/")]


def test_redirects_go_out_and_come_in_again():
    redirect_path("/old/", "/blog/new/")
    redirect_path("/older/", "https://elsewhere.example/x")
    saved = export_redirects()
    Redirect.objects.all().delete()
    assert import_redirects(saved) == 2
    assert export_redirects() == saved


def test_a_wrong_line_of_redirects_leaves_nothing_half_done():
    with pytest.raises(Exception, match="Line 2"):
        import_redirects("/good/,/blog/\nnot-a-path,/blog/\n")
    assert not Redirect.objects.exists()


def test_the_states_in_their_order():
    article, editor = factories.article(), factories.user("editor")
    submit(article)
    assert article.state == State.IN_REVIEW
    send_back(article, by=editor, reason="Needs a source")
    assert (article.get_state_display(), article.sent_back_reason) == ("sent back", "Needs a source")
    submit(article)
    assert article.sent_back_reason == ""
    publish(article, by=editor)
    unpublish(article, by=editor)
    assert article.state == State.DRAFT
    assert not Publication.objects.exists()
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["sent to review", "sent back", "sent to review", "published", "unpublished"]


def test_a_transition_that_makes_no_sense_is_refused():
    article = factories.article()
    for refused in (unpublish, partial(send_back, reason="Why not?")):
        with pytest.raises(TransitionRefused, match="is draft"):
            refused(article)
    publish(article)
    with pytest.raises(TransitionRefused, match="is published"):
        submit(article)


def test_the_schedule_publishes_what_was_scheduled_and_not_what_was_typed_later():
    article = factories.article(title="Approved")
    schedule(article, at=timezone.now() + timedelta(hours=1))
    change(article, title="Typed later")
    assert publish_due() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert publish_due() == 1
    assert Publication.objects.get().title == "Approved"
    article.refresh_from_db()
    assert (article.state, article.publish_at, article.title) == (State.PUBLISHED, None, "Typed later")


@pytest.mark.parametrize("step", [publish, partial(schedule, at=timezone.now() + timedelta(days=9))])
def test_what_a_colleague_saved_in_between_is_checked_too(step):
    article = factories.article()
    as_opened = Article.objects.get(pk=article.pk)
    change(article, title="TK")
    with pytest.raises(TransitionRefused, match="unfinished mark"):
        step(as_opened, check=blocking)
    assert Article.objects.get().state == State.DRAFT


def test_the_schedule_is_kept_after_the_worker_was_down():
    article = factories.article()
    moment = timezone.now() - timedelta(hours=5)
    Article.objects.filter(pk=article.pk).update(state=State.SCHEDULED, publish_at=moment, scheduled_version=1)
    assert publish_due() == 1
    assert Publication.objects.get().published_at == moment


def test_a_scheduled_end_takes_the_article_offline():
    shown = factories.publication()
    schedule_end(shown.article, at=timezone.now() + timedelta(minutes=5))
    assert publish_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert publish_due() == 1
    assert not Publication.objects.exists()
    assert Article.objects.get().state == State.ARCHIVED


def test_a_schedule_in_the_past_or_backwards_is_refused():
    article, now = factories.article(), timezone.now()
    with pytest.raises(TransitionRefused, match="has passed"):
        schedule(article, at=now - timedelta(minutes=1))
    with pytest.raises(TransitionRefused, match="end is before"):
        schedule(article, at=now + timedelta(hours=2), until=now + timedelta(hours=1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE articles_auditentry SET action = 'x'",
        "DELETE FROM articles_auditentry",
        "TRUNCATE articles_auditentry",
    ],
)
def test_the_database_refuses_to_touch_the_audit_log(statement):
    factories.publication()
    with (
        pytest.raises(IntegrityError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_audit_log_outlives_the_article_and_the_person():
    editor = factories.user("editor")
    article = factories.article()
    submit(article, by=editor)
    name = str(editor)
    article.delete()
    editor.delete()
    entry = AuditEntry.objects.get()
    assert (entry.by_name, entry.action) == (name, "sent to review")
