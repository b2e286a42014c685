"""A cache in front knows what each page shows, and is told what to forget."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from articles import related
from articles.documents import apply_document, document_of
from articles.publishing import publish, unpublish
from core import cdn_purge, doorbell
from core.models import OutgoingRequest, SiteProfile
from tests.articles import factories
from tests.smtp import wait_until

pytestmark = pytest.mark.django_db


def tags(client, path):
    """The tags in a page's header."""
    return set(client.get(path)["Cache-Tag"].split(","))


def test_an_articles_page_names_what_it_shows(client):
    factories.category("research")
    factories.author("ana")
    factories.tag("bitcoin")
    factories.card("subscribe")
    factories.publication(slug="fees", category="research", authors=["ana"], tags=["bitcoin"], cta="subscribe")
    shown = {"site", "article:fees", "category:research", "author:ana", "tag:bitcoin", "snippet:subscribe"}
    assert tags(client, "/blog/fees/") == shown


@pytest.mark.parametrize(
    "path", ["/", "/blog/", "/blog/category/research/", "/blog/archive/", "/feed.xml", "/sitemap.xml"]
)
def test_lists_and_feeds_share_a_tag(client, path):
    factories.category("research")
    factories.publication(category="research")
    assert tags(client, path) == {"site", "articles"}


def test_fastly_reads_another_header(client, settings):
    settings.CACHE_PURGE_KIND = "fastly"
    answer = client.get("/blog/")
    assert answer["Surrogate-Key"] == "site articles"
    assert "Cache-Tag" not in answer


def test_a_personal_page_has_no_tags(client):
    assert "Cache-Tag" not in client.get("/accounts/login/")


@pytest.fixture
def cdn(http_server, settings):
    settings.CACHE_PURGE_URL = f"{http_server.url}/purge"
    return http_server


def queued():
    """What is to be forgotten; and start afresh."""
    tags = {tag for row in OutgoingRequest.objects.all() for tag in row.body["tags"]}
    OutgoingRequest.objects.all().delete()
    return tags


def test_each_change_names_the_pages_it_touches(cdn):
    factories.tag("fees")
    companion = factories.publication(slug="companion", tags=["fees"])
    assert queued() >= {"articles", "article:companion"}
    shown = factories.publication(slug="shown", tags=["fees"])
    related.refresh_due()
    assert queued() >= {"articles", "article:shown", "article:companion"}
    apply_document(shown.article, {**document_of(shown.article), "slug": "moved"})
    publish(shown.article)
    assert queued() >= {"article:shown", "article:moved", "redirects"}
    unpublish(companion.article)
    assert queued() >= {"articles", "article:companion", "article:moved"}


def test_a_shared_thing_names_its_own_pages_under_both_names(cdn):
    author, card = factories.author("ana"), factories.card("subscribe")
    queued()
    author.slug = "anna"
    author.save()
    assert queued() == {"articles", "author:ana", "author:anna"}
    card.save()
    assert "snippet:subscribe" in queued()
    card.delete()
    assert "snippet:subscribe" in queued()


def test_the_site_profile_touches_every_page(cdn, client):
    client.force_login(factories.user("editor"))
    profile = SiteProfile.objects.create()
    empty = {"navigation": "[]", "stats": "[]", "social_links": "[]"}
    client.post(reverse("admin:core_siteprofile_change", args=[profile.pk]), {"name": "New", **empty})
    assert queued() == {"site"}


@pytest.mark.parametrize(
    ("kind", "method", "says"),
    [
        ("cloudflare", "POST", ("Authorization", "Bearer secret", b'{"tags": ["a", "b"]}')),
        ("fastly", "POST", ("Fastly-Key", "secret", b'{"surrogate_keys": ["a", "b"]}')),
        ("purge", "PURGE", ("Cache-Tag", "a,b", b"")),
    ],
)
def test_many_purges_are_one_request_in_the_form_that_is_asked_for(cdn, settings, kind, method, says):
    settings.CACHE_PURGE_KIND, settings.CACHE_PURGE_TOKEN = kind, "secret"
    for tag in ("a", "b", "a"):
        cdn_purge.purge(tag)
    assert cdn_purge.send_purges(now=timezone.now() + timedelta(seconds=5)) == 3
    (asked,) = cdn.requests
    name, value, body = says
    assert (asked.method, asked.path, asked.headers[name], asked.body) == (method, "/purge", value, body)


def test_hundreds_of_tags_go_in_portions(cdn):
    for number in range(70):
        cdn_purge.purge(f"article:{number}")
    cdn_purge.send_purges(now=timezone.now() + timedelta(seconds=5))
    assert [len(json.loads(asked.body)["tags"]) for asked in cdn.requests] == [30, 30, 10]


def test_a_refused_portion_has_all_tried_again(cdn):
    cdn.answers = [200, 429]
    for number in range(40):
        cdn_purge.purge(f"article:{number}")
    assert cdn_purge.send_purges(now=timezone.now() + timedelta(seconds=5)) == 0
    assert set(OutgoingRequest.objects.values_list("state", "status")) == {("queued", 429)}
    assert cdn_purge.send_purges(now=timezone.now() + timedelta(minutes=1)) == 40


@pytest.mark.django_db(transaction=True)
def test_purges_that_take_longer_than_their_lease_are_made_once(cdn):
    """Every request takes a minute and a half, as far as leases can tell, and another worker looks for work meanwhile."""
    taken_over = []

    def meanwhile():
        OutgoingRequest.objects.update(lease_expires_at=F("lease_expires_at") - timedelta(seconds=90))
        taken_over.extend(OutgoingRequest.objects.claim(limit=1, now=timezone.now() + timedelta(seconds=5)))
        connection.close()

    for number in range(70):
        cdn_purge.purge(f"article:{number}")
    cdn.meanwhile = meanwhile
    assert cdn_purge.send_purges(now=timezone.now() + timedelta(seconds=5)) == 70
    assert (len(cdn.requests), taken_over) == (3, [])


def test_without_a_cache_in_front_nothing_is_queued(db):
    factories.publication()
    assert not OutgoingRequest.objects.exists()


def test_a_real_worker_purges_and_purges_when_the_cache_is_back(celery_worker, cdn):
    cdn.stop()
    factories.publication(slug="fees")
    wait_until(lambda: OutgoingRequest.objects.exclude(error="").exists(), what="the first try")
    cdn.start()
    factories.publication(slug="gas")
    wait_until(lambda: any(b"article:gas" in asked.body for asked in cdn.requests), what="the second purge")
    OutgoingRequest.objects.update(due_at=timezone.now())  # the seconds until the next try pass
    doorbell.ring("core.tasks.purge_caches")
    wait_until(lambda: any(b"article:fees" in asked.body for asked in cdn.requests), what="the first purge")
    wait_until(lambda: set(OutgoingRequest.objects.values_list("state")) == {("sent",)}, what="the rows")
