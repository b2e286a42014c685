"""The page that tells administrators how the site does."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.models import Backup
from core import heartbeats
from core.models import Heartbeat, OutgoingMail, RunningProcess
from tests.articles import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(client):
    client.force_login(factories.user("administrator"))

    def ask():
        return client.get(reverse("status")).content.decode()

    return ask


def test_it_says_what_is_missing_what_waits_and_that_nothing_is(shown):
    for name in ("worker", "beat"):
        heartbeats.record(name)
    page = shown()
    assert "Nothing is missing" in page
    assert "Nothing is overdue." in page
    Heartbeat.objects.filter(name="beat").delete()
    late = timezone.now() - timedelta(minutes=20)
    OutgoingMail.objects.create(recipient="a@example.com", subject="Hello", message=b"x", due_at=late)
    page = shown()
    assert "was never seen" in page
    assert "due 20 min ago" in page


def test_it_says_what_runs_since_when_and_where_releases_differ(shown):
    RunningProcess.objects.all().delete()  # a worker that another test has started may still be alive
    heartbeats.record("web")
    (process,) = heartbeats.running()
    assert f"web {process.pid} on {process.host}" in shown()
    RunningProcess.objects.create(
        kind="worker", host="other", pid=7, release="earlier", started_at=process.started_at, at=timezone.now()
    )
    assert "different releases" in shown()
    RunningProcess.objects.update(at=timezone.now() - timedelta(days=2))
    assert "No process was heard of" in shown()
    assert heartbeats.forget_ended() == 2


def test_it_says_which_backups_there_are(shown):
    assert "No backup was made yet" in shown()
    Backup.objects.create(name="site.tar", size=5 * 1024 * 1024, made_at=timezone.now() - timedelta(days=3))
    Backup.objects.create(trouble="pg_dump failed: no room")
    page = shown()
    assert "5.0 MB" in page
    assert "no room" in page
    assert "no backup of the last two days" in page


def test_it_is_for_administrators_alone(client):
    client.force_login(factories.user("editor"))
    assert client.get(reverse("status")).status_code == 403
    assert reverse("status") not in client.get("/admin/").content.decode()
