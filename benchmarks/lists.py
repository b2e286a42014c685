"""The front page, lists, feeds and sitemaps of a large site, rendered anew: time and queries of each."""

import statistics
import time
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Publication
from benchmarks import corpus, measuring

ROUNDS = 20


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of articles (100,000 unless told)."""
    count = int(arguments[0]) if arguments else 100_000
    corpus.ensure_articles(count)
    client = Client(headers={"host": "localhost"})
    figures: dict[str, Any] = {"articles": count}
    for name, path in _paths(count).items():
        figures |= _measure(client, name, path)
    measuring.table(figures)
    return figures


def _paths(count: int) -> dict[str, str]:
    month = Publication.objects.live()[count // 2 : count // 2 + 1].get().published_at
    return {
        "front": "/",
        "list": "/blog/",
        "list_last": f"/blog/?page={count // 12}",
        "category": "/blog/category/research/",
        "category_deep": f"/blog/category/research/?page={count // 30}",
        "tag": "/blog/tag/tag-7/",
        "tag_deep": f"/blog/tag/tag-7/?page={count // 250}",
        "author": "/blog/author/author-7/",
        "author_deep": f"/blog/author/author-7/?page={count // 300}",
        "archive": "/blog/archive/",
        "month": f"/blog/archive/{month.year}/{month.month}/",
        "rss": "/feed.xml",
        "rss_of_tag": "/blog/tag/tag-7/feed.xml",
        "atom_of_category": "/blog/category/research/feed.atom",
        "json_of_author": "/blog/author/author-7/feed.json",
        "sitemap_index": "/sitemap.xml",
        "sitemap_first": "/sitemap-articles-1.xml",
        "sitemap_last": f"/sitemap-articles-{-(-count // 10_000)}.xml",
        "sitemap_pages": "/sitemap-pages.xml",
        "news_sitemap": "/news-sitemap.xml",
        "api": "/api/v1/articles/",
        "api_last": f"/api/v1/articles/?page={count // 20}",
    }


def _measure(client: Client, name: str, path: str) -> dict[str, Any]:
    taken = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200, path
        taken.append((time.perf_counter() - began) * 1000)
    taken = sorted(taken[1:])
    return {
        f"{name}_p50_ms": round(statistics.median(taken), 1),
        f"{name}_p95_ms": round(taken[int(len(taken) * 0.95)], 1),
        f"{name}_queries": len(captured),
    }
