"""Beacons taken while an article is read from the page cache: none lost, quickly answered, and reading not slowed down.

Arrivals are open: a beacon is sent at its time whether or not earlier ones were answered, and timed from when it was due.
Each is of another view and comes from one of a thousand addresses. Beside them pages are fetched at a steady rate for
p95_ms, and as fast as they come for `reading_vs_quiet`, which compares with the same without beacons.
"""

import http.client
import os
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from articles.models import PageView
from articles.readership import rollup
from benchmarks import corpus, measuring
from core.lib import clock

PATH = "/blog/long-12/"
SECONDS = 10
PAGES_A_SECOND = 100
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: beacons a second (500 unless told)."""
    measuring.need("wrk")
    rate = int(arguments[0]) if arguments else 500
    corpus.ensure_articles(1_000)
    corpus.ensure_long_article(12)
    rollup.roll_up_due()
    os.environ["BEHIND_PROXY"] = "1"  # the beacons come from many addresses
    before = PageView.objects.count()
    with measuring.granian("cms.asgi:application", PATH) as url:
        measuring.fetch(url)
        quiet = at_rate(lambda _number: get(url), SECONDS * PAGES_A_SECOND, PAGES_A_SECOND)
        pages: list[float] = []
        reading = threading.Thread(
            target=lambda: pages.extend(
                at_rate(lambda _number: get(url), SECONDS * PAGES_A_SECOND, PAGES_A_SECOND, threads=8)
            )
        )
        reading.start()
        beacons = at_rate(lambda number: beacon(url, number), SECONDS * rate, rate)
        reading.join()
        alone = measuring.load(url)
        with ThreadPoolExecutor(1) as pool:
            more = pool.submit(at_rate, lambda number: beacon(url, SECONDS * rate + number), 6 * rate, rate)
            beside = measuring.load(url)
            sent = len(beacons) + len(more.result())
        time.sleep(5)
    kept = PageView.objects.count() - before
    began = time.perf_counter()
    rollup.roll_up(clock.utc_day())
    figures = {
        "rate_per_s": rate,
        "sent": sent,
        "lost": sent - kept,
        "p50_ms": percentile(beacons, 50),
        "p95_ms": percentile(beacons, 95),
        "page_p95_quiet_ms": percentile(quiet, 95),
        "page_p95_ms": percentile(pages, 95),
        "reading_per_s": round(beside),
        "reading_vs_quiet": round(beside / alone, 2),
        "roll_up_s": round(time.perf_counter() - began, 2),
    }
    measuring.table(figures)
    return figures


def percentile(times: list[float], which: int) -> float:
    return round(statistics.quantiles(times, n=100)[which - 1] * 1000, 1)


def at_rate(work: Callable[[int], None], count: int, rate: int, *, threads: int = 32) -> list[float]:
    """Start `work` for each number at its time; how long each took from when it was due."""
    begin = time.perf_counter() + 0.2

    def run(number: int) -> float:
        due = begin + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        work(number)
        return time.perf_counter() - due

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(count)))


_kept = threading.local()


def _client(url: str) -> http.client.HTTPConnection:
    if getattr(_kept, "client", None) is None:
        _kept.client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    return _kept.client  # type: ignore[no-any-return]


def get(url: str) -> None:
    """Fetch the page over this thread's kept connection."""
    client = _client(url)
    client.request("GET", PATH)
    assert len(client.getresponse().read()) > 1000


def beacon(url: str, number: int) -> None:
    """Send the beacon of a view that nobody has sent before."""
    client, site = _client(url), url.removesuffix(PATH)
    headers = {"User-Agent": AGENT, "Origin": site, "X-Forwarded-For": f"198.18.{number % 1000 // 250}.{number % 250}"}
    client.request("POST", "/b", f"{time.time()}.{number}\n1\n{url}\nhttps://search.example/", headers)
    answer = client.getresponse()
    assert (answer.status, answer.read()) == (204, b"")
