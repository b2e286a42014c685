"""The schedule is kept: by a real worker and beat, after they were down, by several at once, past whatever fails."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from articles import by_the_clock
from articles.by_the_clock import publish_due
from articles.models import Article, AuditEntry, Publication
from articles.publishing import State, schedule, schedule_end
from articles.tasks import publish_due as doorbell
from core import generation
from tests.articles import factories
from tests.processes import RealProcess
from tests.smtp import wait_until


def overdue(article, *, hours=1, version=1):
    """Let its moment have passed while nobody looked."""
    moment = timezone.now() - timedelta(hours=hours)
    state = State.PUBLISHED if article.published_at else State.SCHEDULED
    Article.objects.filter(pk=article.pk).update(state=state, publish_at=moment, scheduled_version=version)
    return article


def ended(article):
    Article.objects.filter(pk=article.pk).update(unpublish_at=timezone.now() - timedelta(hours=1))
    return article


def states():
    return dict(Article.objects.values_list("title", "state"))


def test_what_fell_due_while_nothing_ran_is_live_within_a_minute(celery_worker, tmp_path):
    beat = RealProcess("beat", celery_worker.environment, tmp_path / "beat.log")
    celery_worker.kill()
    coming = overdue(factories.article(slug="coming"), hours=5)
    going = ended(factories.publication(slug="going").article)
    celery_worker.start()
    beat.start()
    try:
        wait_until(lambda: Publication.objects.filter(article=coming).exists(), 60, "the publication")
        wait_until(lambda: not Publication.objects.filter(article=going).exists(), 60, "the end")
    finally:
        beat.stop()
    generation.reset()
    assert [Client().get(f"/blog/{slug}/").status_code for slug in ("coming", "going")] == [200, 404]


def test_many_doorbells_in_several_processes_publish_once(celery_worker):
    for number in range(5):
        overdue(factories.article(title=f"Number {number}"))
    for _ in range(8):
        doorbell.delay()
    wait_until(lambda: Publication.objects.count() == 5, 60, "five publications")
    messages = Path(settings.VAR) / "broker" / "messages"
    wait_until(lambda: not list(messages.glob("*")), 60, "the last doorbell")
    assert AuditEntry.objects.filter(action="published").count() == 5


@pytest.mark.django_db
def test_one_that_cannot_be_published_holds_up_no_other():
    factories.publication(slug="taken")
    blocked = overdue(factories.article(title="Blocked"), hours=4)
    Article.objects.filter(pk=blocked.pk).update(version=2)
    blocked.revisions.update(document={"slug": "nonsense"})
    live = overdue(factories.publication(title="Live").article, hours=3, version=9)
    overdue(factories.article(title="Fine"), hours=2)
    assert publish_due() == 1
    assert {title: states()[title] for title in ("Blocked", "Live", "Fine")} == {
        "Blocked": "sent_back", "Live": "published", "Fine": "published",
    }  # fmt: skip
    assert Article.objects.filter(publish_at__isnull=False).count() == 0
    assert "no version 9" in AuditEntry.objects.filter(article=live).latest("pk").detail
    assert Publication.objects.filter(article=live).exists()


@pytest.mark.django_db(transaction=True)
def test_an_end_that_an_editor_is_moving_is_left_to_the_editor():
    first = ended(factories.publication(title="Moved").article)
    ended(factories.publication(title="Ended").article)
    held, done = threading.Event(), threading.Event()

    def editor():
        with transaction.atomic():
            row = Article.objects.select_for_update().get(pk=first.pk)
            held.set()
            done.wait(20)
            schedule_end(row, at=timezone.now() + timedelta(days=1))
        connection.close()

    thread = threading.Thread(target=editor)
    thread.start()
    held.wait(20)
    assert publish_due() == 1
    done.set()
    thread.join()
    assert publish_due() == 0
    assert states() == {"Moved": "published", "Ended": "archived"}


@pytest.mark.django_db
def test_what_was_archived_meanwhile_aborts_nothing():
    gone = ended(factories.publication(title="Gone").article)
    ended(factories.publication(title="Ended").article)
    listed = list(Article.objects.all())
    Article.objects.filter(pk=gone.pk).update(state=State.ARCHIVED)

    now = timezone.now()
    assert [by_the_clock._on_schedule(article, by_the_clock._end_scheduled, now) for article in listed[::-1]] == [
        False,
        True,
    ]


@pytest.mark.django_db
def test_an_end_may_come_in_the_same_run_as_the_start():
    article = factories.article()
    schedule(article, at=timezone.now() + timedelta(hours=1), until=timezone.now() + timedelta(hours=2))
    assert publish_due(now=timezone.now()) == 0
    overdue(article, hours=2)
    ended(article)
    assert publish_due() == 2
    assert not Publication.objects.exists()
