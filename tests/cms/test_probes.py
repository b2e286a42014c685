"""What those who watch the site are told: by whatever address they ask, and of everything that is missing."""

import socket
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from django.utils import timezone

from core import heartbeats
from core.celery import app
from core.models import Heartbeat, OutgoingMail, RunningProcess
from tests.processes import RealProcess
from tests.smtp import free_port, wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def alive():
    heartbeats.record("worker")
    heartbeats.record("beat")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_may_ask_by_address(path, client, alive):
    assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/blog/", headers={"host": "10.1.2.3:8000"}).status_code == 400


def test_it_is_ready_while_nothing_is_missing(client, alive):
    local, shared = ["broker", "static", "disk"], ["migrations", "media", "ballots", "worker", "beat", "mail"]
    assert client.get("/readyz").json() == {"status": "ready", **dict.fromkeys(["database", *local, *shared], "ok")}


def test_a_migration_that_was_not_applied_is_named_and_one_of_a_newer_release_is_no_harm(client, alive):
    MigrationRecorder.Migration.objects.create(app="core", name="9999_of_tomorrow")
    assert client.get("/readyz").json()["migrations"] == "ok"
    MigrationRecorder.Migration.objects.filter(app="core", name="0001_initial").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "1 to be applied, such as core.0001_initial: run `manage.py prepare`"


def test_mail_that_does_not_leave_is_named(client, alive):
    mail = OutgoingMail.objects.create(recipient="a@example.com", subject="Hello", message=b"x")
    assert client.get("/readyz").json()["mail"] == "ok"
    OutgoingMail.objects.filter(pk=mail.pk).update(due_at=timezone.now() - timedelta(minutes=11))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["mail"][:16]) == (503, "the oldest was d")


def test_a_table_that_is_missing_is_no_error_of_the_probe(client, alive):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_heartbeat RENAME TO elsewhere")
    assert client.get("/readyz").json()["worker"] == "unknown"


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_a_process_that_was_silent_for_a_minute_is_named(name, client, alive):
    Heartbeat.objects.filter(name=name).update(at=F("at") - timedelta(seconds=61))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()[name].startswith("silent for 6")


def test_a_process_that_never_was_is_named(client):
    Heartbeat.objects.all().delete()  # a worker of another test may still be alive
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "was never seen")


@pytest.mark.parametrize("hangs", [False, True])
def test_a_broker_that_is_down_or_hangs_is_named(hangs, client, alive, monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", free_port()))
        if hangs:
            silent.listen()
        monkeypatch.setattr(app.conf, "broker_url", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "cannot be reached")


def test_media_that_are_not_here_are_named(client, alive, settings, tmp_path):
    from tests.articles import factories

    factories.image()
    settings.MEDIA_ROOT = tmp_path
    assert "MEDIA_ROOT" in client.get("/readyz").json()["media"]


def test_worker_and_beat_say_that_they_are_alive(celery_worker, tmp_path):
    beat = RealProcess("beat", celery_worker.environment, tmp_path / "beat.log")
    celery_worker.kill()
    Heartbeat.objects.all().delete()
    RunningProcess.objects.all().delete()
    celery_worker.start()
    beat.start()
    both = {"worker", "beat"}
    try:
        wait_until(lambda: {process.kind for process in heartbeats.running()} == both, seconds=90, what="both")
        assert {*Heartbeat.objects.values_list("name", flat=True)} == both  # each is written before the other
    finally:
        beat.stop()
