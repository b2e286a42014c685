"""Others are told what happened: once, signed, tried again for hours; and who may set that up."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from articles.publishing import archive, publish, unpublish
from core import doorbell, http_outbox, webhooks
from core.models import OutgoingRequest, Webhook
from tests.articles import factories
from tests.smtp import wait_until

EVENTS = ["article.published", "article.updated", "article.unpublished", "article.archived"]


@pytest.fixture
def hook(db, http_server, settings):
    settings.WEBHOOKS_TO_PRIVATE_HOSTS = True
    return Webhook.objects.create(name="index", url=f"{http_server.url}/hook", events=EVENTS)


def deliver(later=timedelta(0)):
    """Send what is due by then; the newest row as it is afterwards."""
    webhooks.send_deliveries(now=timezone.now() + later)
    return OutgoingRequest.objects.latest("pk")


def test_each_step_of_an_article_is_told(hook, http_server):
    article = factories.publication(title="News", tags=[factories.tag("fees").slug]).article
    publish(article)
    unpublish(article)
    publish(article)
    archive(article)
    deliver()
    told = [json.loads(asked.body) for asked in http_server.requests]
    steps = ["published", "updated", "unpublished", "published", "archived"]
    assert [one["type"] for one in told] == [f"article.{step}" for step in steps]
    assert told[0]["data"]["article"]["title"] == "News"
    assert told[0]["data"]["article"]["tags"] == ["fees"]


def test_a_moved_article_says_where_it_was(hook, http_server):
    from articles.documents import apply_document, document_of

    article = factories.publication(slug="old").article
    apply_document(article, {**document_of(article), "slug": "new"})
    publish(article)
    deliver()
    shown = json.loads(http_server.requests[1].body)["data"]["article"]
    assert shown["url"].endswith("/blog/new/")
    assert shown["previous_url"].endswith("/blog/old/")


def test_the_signature_covers_key_time_and_body(hook, http_server):
    factories.publication()
    row = deliver()
    (asked,) = http_server.requests
    assert asked.headers["Webhook-Id"] == str(row.key)
    signed = f"{row.key}.{asked.headers['Webhook-Timestamp']}.".encode() + asked.body
    digest = hmac.new(base64.b64decode(hook.secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert asked.headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_nothing_is_told_of_what_was_taken_back(hook):
    with transaction.atomic():
        factories.publication()
        transaction.set_rollback(True)
    assert not OutgoingRequest.objects.exists()


def test_only_who_asked_is_told(hook):
    Webhook.objects.update(events=["article.archived"])
    Webhook.objects.create(name="off", url="https://off.example/", events=EVENTS, active=False)
    factories.publication()
    assert not OutgoingRequest.objects.exists()


def test_who_answers_badly_is_asked_again_later_and_given_up_after_hours(hook, http_server):
    http_server.answers = [500, 302, 500]
    factories.publication()
    first = deliver()
    assert (first.state, first.status, first.error) == ("queued", 500, "It answered 500.")
    assert first.due_at > timezone.now() + timedelta(seconds=5)
    assert deliver().attempts == 1
    assert deliver(timedelta(minutes=1)).status == 302
    OutgoingRequest.objects.update(give_up_at=timezone.now())
    assert deliver(timedelta(hours=1)).state == "failed"
    assert deliver(timedelta(hours=9)).attempts == 3
    http_outbox.send_again(OutgoingRequest.objects.all())
    assert deliver().state == "sent"


def test_a_silent_host_costs_one_try_a_run(hook, http_server):
    http_server.stop()
    for _ in range(5):
        factories.publication()
    deliver()
    assert list(OutgoingRequest.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0, 0, 0, 0]
    assert "Not reached" in OutgoingRequest.objects.earliest("pk").error


def test_who_is_gone_is_told_nothing_more(hook, http_server):
    http_server.answers = [410]
    factories.publication()
    assert deliver().state == "failed"
    factories.publication()
    assert OutgoingRequest.objects.count() == 1


def test_a_private_address_is_never_told(hook, http_server, settings):
    settings.WEBHOOKS_TO_PRIVATE_HOSTS = False
    factories.publication()
    assert "not on the public internet" in deliver().error
    assert http_server.requests == []


def test_a_delivery_that_meets_an_error_of_our_own_stops_no_other(hook, http_server):
    Webhook.objects.create(name="broken", url=hook.url, events=EVENTS, secret="whsec_x")  # no Base64
    factories.publication()
    webhooks.send_deliveries()
    found = dict(OutgoingRequest.objects.values_list("webhook__name", "error"))
    assert found == {"index": "", "broken": "An error of our own stopped it; see the worker's log."}
    assert len(http_server.requests) == 1


def test_what_a_worker_that_died_had_taken_is_taken_again(hook, http_server):
    factories.publication()
    assert OutgoingRequest.objects.claim(limit=9)
    assert deliver().state == "queued"
    assert deliver(timedelta(minutes=3)).state == "sent"


def test_old_requests_are_deleted(hook):
    factories.publication()
    deliver()
    assert http_outbox.delete_old(now=timezone.now() + timedelta(days=29)) == 0
    assert http_outbox.delete_old(now=timezone.now() + timedelta(days=31)) == 1


def test_a_real_worker_tells_and_tells_again_when_the_other_end_is_back(celery_worker, http_server, settings):
    Webhook.objects.create(name="index", url=f"{http_server.url}/hook", events=EVENTS)
    http_server.stop()
    factories.publication()
    row = wait_until(lambda: OutgoingRequest.objects.filter(attempts=1).exclude(error="").first(), what="the first try")
    assert row.state == "queued"
    http_server.start()
    http_outbox.send_again(OutgoingRequest.objects.all())
    OutgoingRequest.objects.update(due_at=timezone.now())  # the minutes until then pass
    doorbell.ring("core.tasks.deliver_webhooks")
    http_server.wait_for(1)
    wait_until(lambda: OutgoingRequest.objects.get().state == "sent", what="the delivery")


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "allowed"), [("writer", False), ("newsletter manager", False), ("editor", True)])
def test_editors_set_webhooks_up_and_nobody_below(role, allowed, client):
    client.force_login(factories.user(role))
    hook = Webhook.objects.create(name="index", url="https://a.example/", events=EVENTS)
    row = http_outbox.queue_request(event="article.published", body={}, webhook=hook)
    paths = [
        reverse("admin:core_webhook_changelist"), reverse("admin:core_webhook_add"),
        reverse("admin:core_webhook_change", args=[hook.pk]), reverse("admin:core_webhook_delete", args=[hook.pk]),
        reverse("admin:core_outgoingrequest_changelist"), reverse("admin:core_outgoingrequest_change", args=[row.pk]),
    ]  # fmt: skip
    assert {client.get(path).status_code for path in paths} == {200 if allowed else 403}
    form = {"name": "x", "url": "https://x.example/", "events": ["article.published"], "active": "on"}
    client.post(reverse("admin:core_webhook_add"), form)
    assert Webhook.objects.filter(name="x").exists() is allowed


@pytest.mark.django_db
def test_who_may_only_look_sees_no_secret_and_sends_nothing_again(client):
    from django.contrib.auth.models import Permission

    viewer = factories.user("writer")
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_webhook", "view_outgoingrequest"]))
    client.force_login(viewer)
    hook = Webhook.objects.create(name="index", url="https://a.example/", events=EVENTS)
    page = client.get(reverse("admin:core_webhook_change", args=[hook.pk]))
    assert page.status_code == 200
    assert hook.secret not in page.content.decode()
    row = http_outbox.queue_request(event="article.published", body={}, webhook=hook)
    OutgoingRequest.objects.update(state="failed", settled_at=timezone.now())
    data = {"action": "send_again", "_selected_action": [row.pk]}
    client.post(reverse("admin:core_outgoingrequest_changelist"), data)
    client.post(reverse("admin:core_webhook_changelist"), {"action": "try_out", "_selected_action": [hook.pk]})
    assert OutgoingRequest.objects.get().state == "failed"


@pytest.mark.django_db
def test_an_editor_sees_failures_sends_again_and_tries_out(client):
    client.force_login(factories.user("editor"))
    hook = Webhook.objects.create(name="index", url="https://a.example/", events=EVENTS)
    row = http_outbox.queue_request(event="article.published", body={}, webhook=hook)
    OutgoingRequest.objects.update(state="failed", settled_at=timezone.now(), attempts=9, error="It answered 500.")
    for path in (reverse("admin:core_webhook_changelist"), reverse("admin:index")):
        assert "It answered 500." in client.get(path).content.decode()
    assert hook.secret in client.get(reverse("admin:core_webhook_change", args=[hook.pk])).content.decode()
    data = {"action": "send_again", "_selected_action": [row.pk]}
    client.post(reverse("admin:core_outgoingrequest_changelist"), data)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 0)
    client.post(reverse("admin:core_webhook_changelist"), {"action": "try_out", "_selected_action": [hook.pk]})
    assert OutgoingRequest.objects.filter(event="test").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example/",
        "https://",
        "https://user:word@x.example/",
        "javascript:alert(1)",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://localhost:8000/",
    ],
)
def test_an_address_that_is_none_is_refused(url, client):
    client.force_login(factories.user("editor"))
    form = {"name": "x", "url": url, "events": ["article.published"], "active": "on"}
    assert client.post(reverse("admin:core_webhook_add"), form).status_code == 200
    assert not Webhook.objects.exists()
