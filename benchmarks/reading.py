"""An article page from the page cache and rendered, beside nginx with the same bytes and a bare Django view."""

import os
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import corpus, measuring

PATH = "/blog/long-12/"


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of articles (1,000 unless told)."""
    measuring.need("nginx", "wrk")
    corpus.ensure_articles(int(arguments[0]) if arguments else 1_000)
    corpus.ensure_long_article(12)
    with measuring.granian("cms.wsgi:application", PATH) as url:
        body = measuring.fetch(url)
        cached = measuring.load(url)
    with measuring.nginx(body) as url:
        static = measuring.load(url)
    with measuring.granian("cms.wsgi:django_application", PATH) as url:
        rendered = measuring.load(url)
    os.environ["BARE_BYTES"] = str(len(body))
    with measuring.granian("benchmarks.bare:application", "/page/") as url:
        bare = measuring.load(url)
    figures = {
        "page_bytes": len(body),
        "cached_per_s": round(cached),
        "nginx_per_s": round(static),
        "rendered_per_s": round(rendered),
        "bare_per_s": round(bare),
        "cached_vs_nginx": round(cached / static, 2),
        "rendered_vs_bare": round(rendered / bare, 2),
        "queries": queries(),
    }
    measuring.table(figures)
    return figures


def queries() -> int:
    """How many queries one rendered page takes in a process that has rendered others before."""
    client = Client(headers={"host": "localhost"})
    client.get("/blog/article-1/")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(PATH).status_code == 200
    return len(captured)
