"""From the commit of a publication until every process of the web server shows it, on fresh connections."""

import os
import statistics
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from articles.documents import apply_document, document_of
from articles.publishing import publish
from benchmarks import corpus, measuring
from cms.ops.processes import read_procfile
from tests.smtp import free_port

PATH = "/blog/long-12/"
IN_A_ROW = 200


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: how often (20 unless told), the number of articles (1,000)."""
    rounds = int(arguments[0]) if arguments else 20
    corpus.ensure_articles(int(arguments[1]) if len(arguments) > 1 else 1_000)
    article = corpus.ensure_long_article(12)
    port = free_port()
    os.environ |= {"PORT": str(port), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["/bin/sh", "-c", f"exec {read_procfile(measuring.ROOT / 'Procfile')['web']}"]
    url = f"http://localhost:{port}{PATH}"
    with measuring.running(command, url):
        taken = [_round(article, url, number) for number in range(rounds)]
    first, all_of_them = ([pair[at] for pair in taken] for at in (0, 1))
    figures = {
        "rounds": rounds,
        "connections_in_a_row": IN_A_ROW,
        "visible_p50_s": round(statistics.median(first), 2),
        "visible_max_s": round(max(first), 2),
        "with_all_connections_max_s": round(max(all_of_them), 2),
    }
    measuring.table(figures)
    return figures


def _round(article: Any, url: str, number: int) -> tuple[float, float]:
    """Seconds until the first and until the last of so many connections in a row that show the new title."""
    for _ in range(30):
        _fetch(url)  # every process has the old page
    title = f"Round {number} at {time.time():.0f}"
    apply_document(article, {**document_of(article), "title": title})
    publish(article)
    committed, first, streak = time.perf_counter(), 0.0, 0
    while streak < IN_A_ROW:
        seen = title.encode() in _fetch(url)
        first = time.perf_counter() if seen and not streak else first
        streak = streak + 1 if seen else 0
    return first - committed, time.perf_counter() - committed


def _fetch(url: str) -> bytes:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    connection.request("GET", parts.path)
    body = connection.getresponse().read()
    connection.close()
    return body
