"""Requests that nobody means: each gets an answer in words, and none an error of ours."""

import pytest
from django.test import Client
from django.urls import reverse

from articles.models import Redirect
from core.models import User
from tests.articles import factories

pytestmark = pytest.mark.django_db

DIGITS = "9" * 4400
DEEP = "[" * 100_000
FORMS = ["/newsletter/subscribe/", "/accounts/login/", "/awards/some/vote/", "/admin/"]


@pytest.fixture
def unguarded():
    """A client that takes an error page as an answer, with a CSRF cookie, as browsers have."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["csrftoken"] = "a" * 32
    return client


@pytest.fixture
def desk():
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root@example.com", "long enough"))
    return client


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"[" * 100_000),
        ("multipart/form-data; boundary=" + "y" * 300, b"--y"),
        ("application/x-www-form-urlencoded; charset=none", b"email=%00"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(unguarded, path, kind, body):
    assert unguarded.generic("POST", path, body, content_type=kind).status_code < 500


def test_json_nested_without_end_is_refused(unguarded, desk):
    path = "/api/v1/newsletter/subscribe/"
    assert unguarded.generic("POST", path, DEEP, content_type="application/json").status_code in (400, 404)
    answer = desk.post(reverse("admin:core_siteprofile_add"), {"name": "x", "stats": DEEP})
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize(
    "path",
    [
        f"/blog/?page={DIGITS}",
        f"/blog/search/?q=a&page={DIGITS}&year={DIGITS}",
        f"/api/v1/articles/?page={DIGITS}",
        f"/sitemap-articles-{DIGITS}.xml",
        "/blog/archive/1/1/",
        "/blog/archive/9999/12/",
        f"/blog/archive/{DIGITS}/1/",
        f"/l/{DIGITS}.x",
    ],
)
def test_a_number_without_end_is_no_page(unguarded, path):
    assert unguarded.get(path).status_code < 500


def test_a_number_without_end_is_none_at_the_desk(desk):
    article = factories.article()
    key = [article.pk]
    for path in (
        reverse("admin:articles_article_compare", args=key) + f"?from={DIGITS}&to={DIGITS}",
        reverse("admin:articles_article_changelist") + f"?p={DIGITS}&o={DIGITS}",
        reverse("admin:articles_article_change", args=[DIGITS]),
        reverse("admin:sponsors_rununit_calendar") + "?month=0001-01",
        reverse("admin:sponsors_rununit_calendar") + "?month=9999-12",
    ):
        assert desk.get(path).status_code < 500, path
    posted = [
        (reverse("admin:articles_article_restore", args=[*key, 1]), {"version": DIGITS}),
        (reverse("admin:articles_article_comment", args=key), {"text": "a\0b"}),
        (reverse("admin:articles_redirect_csv"), {"csv": "/a\0b,/blog/"}),
        (reverse("admin:articles_article_change", args=key), {"version": DIGITS}),
    ]
    for path, data in posted:
        assert desk.post(path, data).status_code < 500, path
    assert Redirect.objects.get().path == "/ab"


def test_tags_that_are_gone_are_not_merged(desk):
    data = {"action": "merge", "_selected_action": ["4711"]}
    answer = desk.post(reverse("admin:articles_tag_changelist"), data, follow=True)
    assert answer.status_code == 200
