"""The desk's main pages in a large newsroom: time and queries of lists and of a long article's edit page."""

import time
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from benchmarks import corpus, measuring
from cms.models import User

ROUNDS = 20


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of articles (100,000 unless told)."""
    corpus.ensure_articles(int(arguments[0]) if arguments else 100_000)
    long = corpus.ensure_long_article(150)
    usual = Article.objects.get(slug="article-5")
    client = Client(headers={"host": "localhost"})
    client.force_login(_administrator())
    base = "/admin/articles/article/"
    figures: dict[str, Any] = {}
    for name, url in {
        "list": base,
        "list_searched": f"{base}?q=article+of",
        "list_by_state": f"{base}?state__exact=draft",
        "edit": f"{base}{usual.pk}/change/",
        "edit_150_blocks": f"{base}{long.pk}/change/",
    }.items():
        figures |= _measure(client, name, url)
    measuring.table(figures)
    return figures


def _measure(client: Client, name: str, url: str) -> dict[str, Any]:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200, url
        taken.append((time.perf_counter() - began) * 1000)
    taken = sorted(taken[1:])
    return {f"{name}_p95_ms": round(taken[int(len(taken) * 0.95)]), f"{name}_queries": len(captured)}


def _administrator() -> User:
    user, _ = User.objects.get_or_create(email="bench@example.com", defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name="administrator"))
    return user
