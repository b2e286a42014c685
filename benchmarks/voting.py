"""Ballots POSTed and confirmed over HTTP: how many a second, how quickly at a fixed rate of arrivals, and none lost.

The rate is compared with that of a bare Django view that reads the form and inserts one row. Arrivals are open: a request
is sent at its time whether or not earlier ones were answered, and timed from when it should have been sent. Every
confirmation is sent twice at once, as an impatient voter would.
"""

import http.client
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db import connection
from django.db.models import Count

from benchmarks import bare_insert, measuring
from benchmarks.tally import make_category
from core.lib.signing import make_token
from surveys import ballot_requests
from surveys.models import AwardCategory, Ballot, PendingBallot

SECONDS = 10
LUA = """
local sent, me = 0, tostring({}):match("0x(%x+)")
request = function()
    sent = sent + 1
    local body = "email=w" .. me .. "." .. sent .. "@example.com&vote-best=nominee-" .. sent % 12
    return wrk.format("POST", nil, {["Content-Type"] = "application/x-www-form-urlencoded"}, body)
end
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: ballots a second in the open test (200 unless told)."""
    measuring.need("wrk")
    rate = int(arguments[0]) if arguments else 200
    category = make_category()
    path = f"/awards/{category.season.slug}/vote/"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {bare_insert.TABLE} (email text, choice text)")
    with measuring.granian("benchmarks.bare_insert:application", "/vote/", interface="wsgi") as url:
        bare, bare_ms = post_all(url)
    with measuring.granian("cms.asgi:application", path) as url:
        posted, posted_ms = post_all(url)
        # another season: some of wrk's requests may still be under way
        taken = open_arrivals(url, make_category(), rate)
    figures = {
        "bare_per_s": round(bare),
        "posted_per_s": round(posted),
        "vs_bare": round(posted / bare, 2),
        "bare_web_ms": round(bare_ms, 2),
        "posted_web_ms": round(posted_ms, 2),
        "rate_per_s": rate,
        **taken,
    }
    measuring.table(figures)
    return figures


def post_all(url: str, script: str = LUA) -> tuple[float, float]:
    """Forms answered a second, each of somebody else, under wrk; and the server's processor time for one, in milliseconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        for seconds in (1, SECONDS // 2):
            before = measuring.processor_seconds()
            run = measuring.wrk("-t1", "-c8", f"-d{seconds}s", "-s", file.name, url)
    spent = measuring.processor_seconds() - before
    return run.per_second, spent / run.requests * 1000


def open_arrivals(url: str, category: AwardCategory, rate: int) -> dict[str, Any]:
    """Post ballots at a fixed rate, confirm each twice at that rate, and count what became of them."""
    season, host = category.season, urlsplit(url).netloc
    path = f"/awards/{season.slug}/vote/"
    count = rate * SECONDS

    def post(number: int) -> int:
        form = urlencode({"email": f"open{number}@example.com", "vote-best": f"nominee-{number % 12}"})
        return send(host, path, form)

    posting = at_rate(post, count, rate)
    links = [
        f"/awards/ballot/{make_token(ballot_requests.PURPOSE, season.pk, pk, expires_in=ballot_requests.LINK_LIFE)}/"
        for pk in PendingBallot.objects.filter(season=season).values_list("pk", flat=True)
    ]
    confirming = at_rate(lambda number: send(host, links[number // 2], ""), 2 * len(links), 2 * rate)
    ballots = Ballot.objects.filter(category=category)
    voters = ballots.values("voter_key").annotate(number=Count("pk"))
    times = sorted(taken for _, taken in [*posting, *confirming])
    return {
        "posted": count,
        "confirmed": len(links),
        "refused": sum(status != 200 for status, _ in [*posting, *confirming]),
        "lost": count - ballots.count(),
        "duplicated": sum(row["number"] - 1 for row in voters),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
    }


def at_rate(work: Callable[[int], int], count: int, rate: int) -> list[tuple[int, float]]:
    """Start `work` for each number at its time; its answers and how long each took from when it was due."""
    begin = time.perf_counter() + 0.2

    def run(number: int) -> tuple[int, float]:
        due = begin + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        return work(number), time.perf_counter() - due

    with ThreadPoolExecutor(64) as pool:
        return list(pool.map(run, range(count)))


_kept = threading.local()


def send(host: str, path: str, form: str) -> int:
    """POST over this thread's kept connection; the answer's status."""
    client = getattr(_kept, "client", None)
    if client is None:
        client = _kept.client = http.client.HTTPConnection(host, timeout=60)
    client.request("POST", path, form, FORM)
    answer = client.getresponse()
    answer.read()
    return answer.status
