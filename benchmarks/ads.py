"""Views of ads and clicks on them taken while an article is read: none lost when the server is killed, replays counted once.

Arrivals are open, as in benchmarks.beacons: nine of ten are views, the tenth is a click, and every twentieth view is sent twice. At
the end the server is killed; what it had not written yet is taken from its journals. Then so many views more are put into a day,
and that day is counted.
"""

import os
import time
from datetime import timedelta
from typing import Any

from django.db import connection

from articles.models import Article
from benchmarks import beacons, corpus, measuring
from benchmarks.beacons import AGENT, PATH, _client, at_rate, get, percentile
from core.lib import clock
from sponsors import placements, view_counts, view_partitions, viewability
from sponsors.models import AdDay, AdEvent, AdView, Claim
from tests.sponsors import factories

SECONDS = 10
PAGES_A_SECOND = 50


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: views and clicks a second (500 unless told), and views of the day that is counted (10,000,000 unless told)."""
    rate, many = ([int(each) for each in arguments] + [500, 10_000_000][len(arguments) :])[:2]
    corpus.ensure_articles(1_000)
    corpus.ensure_long_article(12)
    if not Claim.objects.filter(unit__date=clock.utc_day(), unit__channel="web:article", state="confirmed").exists():
        factories.running()
    (ad, *_) = placements.placements_on("web:article", clock.utc_day())
    os.environ["BEHIND_PROXY"] = "1"
    view_counts.roll_up_due()
    views, clicks = AdView.objects.count(), AdEvent.objects.count()
    with measuring.granian("cms.asgi:application", PATH) as url:
        measuring.fetch(url)
        pages = at_rate(lambda _number: get(url), SECONDS * PAGES_A_SECOND, PAGES_A_SECOND, threads=8)
        taken = at_rate(lambda number: _one(url, number, ad), SECONDS * rate, rate)
    viewability.flush()
    sent = SECONDS * rate
    sent_clicks = sent // 10
    lost = (sent - sent_clicks - (AdView.objects.count() - views)) + (sent_clicks - (AdEvent.objects.count() - clicks))
    figures = {
        "rate_per_s": rate,
        "sent": sent,
        "lost": lost,
        "p50_ms": percentile(taken, 50),
        "p95_ms": percentile(taken, 95),
        "page_p95_quiet_ms": percentile(pages, 95),
        "views_counted": many,
        "roll_up_s": _rolled_up(many),
        "articles": Article.objects.count(),
    }
    measuring.table(figures)
    return figures


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


def _rolled_up(many: int) -> float:
    """How long it takes to count a day of so many views, of as many readers as a third of them."""
    day = clock.utc_day() - timedelta(days=3)
    AdDay.objects.filter(day=day).delete()
    if day in view_partitions.days():
        view_partitions.drop(day)
    view_partitions.ensure(day)
    claim = Claim.objects.order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sponsors_adview SELECT %s, %s, n, now(), n %% %s, n %% 1000003, n %% 50021,"
            " CASE WHEN n %% 50 = 0 THEN 'scanner' ELSE '' END FROM generate_series(1, %s) n",
            [day, claim.pk if claim else 0, max(1, many // 3), many],
        )
    began = time.perf_counter()
    view_counts.roll_up(day)
    took = time.perf_counter() - began
    assert sum(AdDay.objects.filter(day=day).values_list("number", flat=True)) == many
    view_partitions.drop(day)
    return round(took, 1)
