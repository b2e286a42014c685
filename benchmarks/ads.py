"""Views of ads and clicks on them taken while an article is read: none lost when the server is killed, replays counted once.

Arrivals are open, as in benchmarks.beacons: nine of ten are views, the tenth is a click, and every twentieth view is sent twice.
Beside them an article is read at a steady rate. At the end the server is killed, not stopped; what it had not written yet is taken
from its journals. Then a day gets so many views, and is counted: of every single view, of its readers, and after more have come.
"""

import os
import threading
import time
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from articles.models import Article
from benchmarks import beacons, corpus, measuring
from benchmarks.beacons import AGENT, PATH, _client, at_rate, get, percentile
from core.lib import clock
from sponsors import placements, view_counts, view_partitions, viewability
from sponsors.models import AdDay, AdEvent, AdReader, AdView, Claim
from tests.sponsors import factories

EVENTS, SECONDS, RATE = 10_000_000, 10, 500
PAGES_A_SECOND = 50
A_BATCH = 1_000  # views that a second or two bring, written together
MORE = 20  # batches
LOAD = """
INSERT INTO sponsors_adview (day, claim_id, nonce, at, visitor, place, network, reason)
SELECT %(day)s, %(claim)s, n, now(), reader, reader %% %(places)s + 1, reader %% %(places)s %% %(networks)s + 1,
    CASE WHEN n %% 50 = 0 THEN 'scanner' ELSE '' END
FROM (SELECT n, n %% %(readers)s AS reader FROM generate_series(1, %(many)s) n) views
"""


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: views of the day that is counted (10,000,000 unless told), seconds of load (10), views and clicks a second (500)."""
    many, seconds, rate = ([int(each) for each in arguments] + [EVENTS, SECONDS, RATE][len(arguments) :])[:3]
    corpus.ensure_articles(1_000)
    corpus.ensure_long_article(12)
    if not Claim.objects.filter(unit__date=clock.utc_day(), unit__channel="web:article", state="confirmed").exists():
        factories.running()
    figures = {"articles": Article.objects.count(), **_taken(seconds, rate), **_counted(many)}
    measuring.table(figures)
    return figures


def _taken(seconds: int, rate: int) -> dict[str, Any]:
    """What arrives is answered in time, and none of it is lost with the process."""
    (ad, *_) = placements.placements_on("web:article", clock.utc_day())
    os.environ["BEHIND_PROXY"] = "1"
    view_counts.roll_up_due()
    viewability.flush()  # what a run before this has left
    views, clicks = AdView.objects.count(), AdEvent.objects.count()
    beside: list[float] = []
    with measuring.granian("cms.asgi:application", PATH) as url:
        measuring.fetch(url)
        quiet = _read(url, seconds)
        reading = threading.Thread(target=lambda: beside.extend(_read(url, seconds)))
        reading.start()
        taken = at_rate(lambda number: _one(url, number, ad), seconds * rate, rate)
        reading.join()
        measuring.kill_web_servers()
        time.sleep(1)  # until the kernel has let go of its files; the server's next process looks every second or two
    viewability.flush()
    sent, sent_clicks = seconds * rate, -(-seconds * rate // 10)
    kept_views, kept_clicks = AdView.objects.count() - views, AdEvent.objects.count() - clicks
    return {
        "rate_per_s": rate,
        "sent": sent,
        "lost": (sent - sent_clicks - kept_views) + (sent_clicks - kept_clicks),
        "p50_ms": percentile(taken, 50),
        "p95_ms": percentile(taken, 95),
        "page_p95_quiet_ms": percentile(quiet, 95),
        "page_p95_ms": percentile(beside, 95),
    }


def _read(url: str, seconds: int) -> list[float]:
    return at_rate(lambda _number: get(url), seconds * PAGES_A_SECOND, PAGES_A_SECOND, threads=8)


def _one(url: str, number: int, ad: placements.Placement) -> None:
    client, site = _client(url), url.removesuffix(beacons.PATH)
    headers = {"User-Agent": AGENT, "Origin": site, "X-Forwarded-For": f"81.{number % 200}.{number // 200 % 200}.7"}
    if number % 10 == 0:
        client.request("GET", ad.click_url, headers=headers)
        assert client.getresponse().read() == b""
        return
    told = f"ad\n{time.time()}.{number}\n{ad.view_token}"
    for _ in range(2 if number % 20 == 1 else 1):
        client.request("POST", "/b", told, headers)
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (204, b"")


def _counted(many: int) -> dict[str, Any]:
    """How long it takes to count a day of so many views, of a third as many readers; and whether it comes to the same again."""
    day = clock.utc_day() - timedelta(days=3)
    claim = Claim.objects.order_by("pk").values_list("pk", flat=True)[0]
    AdDay.objects.filter(day=day).delete()
    if day in view_partitions.days():
        view_partitions.drop(day)
    view_partitions.ensure(day)
    size = {"readers": max(1, many // 3), "places": max(1, many // 5), "networks": max(1, many // 200)}
    with connection.cursor() as cursor:
        loading = _timed(lambda: cursor.execute(LOAD, {"day": day, "claim": claim, "many": many, **size}))
        cursor.execute("ANALYZE sponsors_adview")
    of_every_view = _timed(lambda: view_counts.roll_up(day, anew=True))
    first = _counts(day)
    of_readers = _timed(lambda: view_counts.roll_up(day))
    again = _counts(day)
    writing = _timed(lambda: [_write(day, claim, many + batch * A_BATCH, **size) for batch in range(MORE)])
    after_more = _timed(lambda: view_counts.roll_up(day))
    later = _counts(day)
    view_counts.roll_up(day, anew=True)
    is_same = first == again and later == _counts(day)
    assert sum(later.values()) == many + MORE * A_BATCH
    readers = AdReader.objects.filter(day=day).count()
    view_partitions.drop(day)
    AdDay.objects.filter(day=day).delete()
    return {
        "views": many,
        "readers": readers,
        "loaded_s": loading,
        "roll_up_of_every_view_s": of_every_view,
        "roll_up_s": of_readers,
        "written_per_s": round(MORE * A_BATCH / max(writing, 0.01)),
        "roll_up_after_more_s": after_more,
        "same_again": is_same,
    }


def _write(day: date, claim: int, after: int, *, readers: int, places: int, networks: int) -> None:
    """A batch of views as the server writes it."""
    numbers = range(after + 1, after + A_BATCH + 1)
    who = [number % readers for number in numbers]
    rows: list[list[Any]] = [[claim] * A_BATCH, list(numbers), [timezone.now()] * A_BATCH, who]
    rows += [[each % places + 1 for each in who], [each % places % networks + 1 for each in who], [""] * A_BATCH]
    with connection.cursor() as cursor:
        cursor.execute(view_counts.WRITE, [day, *rows])


def _counts(day: date) -> dict[str, int]:
    return dict(AdDay.objects.filter(day=day).values_list("reason", "number"))


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)
