"""An article page from the page cache and rendered, beside nginx with the same bytes and a bare Django view.

"Rendered" is every answer made anew from the database, with no page cache: of one article, and of many in turn. A bare
view is one in a new Django project, with the middleware that `startproject` writes; without any it is given, too.
"""

import os
import statistics
import time
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import ArticleFrame
from benchmarks import corpus, measuring

PATH = "/blog/long-12/"
MANY = 500
CONNECTIONS = 64


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of articles (1,000 unless told)."""
    measuring.need("nginx", "wrk")
    corpus.ensure_articles(int(arguments[0]) if arguments else 1_000)
    corpus.ensure_long_article(12)
    first_ms = first_readers()
    with measuring.granian("cms.asgi:application", PATH) as url:
        body = measuring.fetch(url)
        cached = measuring.load(url, connections=CONNECTIONS)
    with measuring.nginx(body) as url:
        static = measuring.load(url, connections=CONNECTIONS)
    with measuring.granian("benchmarks.uncached:application", PATH) as url:
        rendered = measuring.load(url)
        many = measuring.load(url, paths=[f"/blog/article-{number}/" for number in range(MANY)])
    bare = bare_view(len(body), middleware="new project")
    least = bare_view(len(body), middleware="none")
    figures = {
        "page_bytes": len(body),
        "cached_per_s": round(cached),
        "nginx_per_s": round(static),
        "rendered_per_s": round(rendered),
        "rendered_many_per_s": round(many),
        "first_reader_ms": first_ms,
        "bare_per_s": round(bare),
        "bare_without_middleware_per_s": round(least),
        "cached_vs_nginx": round(cached / static, 2),
        "rendered_vs_bare": round(rendered / bare, 2),
        "rendered_vs_bare_without_middleware": round(rendered / least, 2),
        "queries": queries(),
    }
    measuring.table(figures)
    return figures


def bare_view(size: int, *, middleware: str) -> float:
    """Answers per second of a Django view that has nothing to do."""
    os.environ.update(BARE_BYTES=str(size), BARE_MIDDLEWARE=middleware)
    with measuring.granian("benchmarks.bare:application", "/page/", interface="wsgi") as url:
        return measuring.load(url)


def first_readers() -> float:
    """Milliseconds that a page takes of which nothing is kept: the median of 100 articles."""
    client = Client(headers={"host": "localhost"})
    client.get(PATH)
    ArticleFrame.objects.all().delete()
    times = []
    for number in range(100):
        began = time.perf_counter()
        assert client.get(f"/blog/article-{number}/").status_code == 200
        times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1000, 1)


def queries() -> int:
    """The most that a rendered page takes in a process that has rendered others: its first reader's."""
    client = Client(headers={"host": "localhost"})
    client.get("/blog/article-1/")
    ArticleFrame.objects.all().delete()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(PATH).status_code == 200
    return len(captured)
