"""Surveys of 20 questions answered over HTTP, at a fixed rate of arrivals: how quickly, and none lost or counted twice.

An answer is what a browser sends: the page with all questions, the page that shows the answers, and the POST that sends them,
each by a link of somebody's own. The rate of a first page alone is compared with that of a bare Django view that reads two
fields and inserts one row. Arrivals are open: each is timed from when it should have been sent.
"""

import http.client
import statistics
import threading
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import connection

from benchmarks import bare_insert, measuring
from benchmarks.voting import FORM, SECONDS, at_rate, post_all
from surveys.models import Participation, Response, Sitting, Survey
from surveys.questionnaires import access, phases, settling, versions

QUESTIONS = 20
CHOICES = [{"id": f"c{number}", "text": f"Choice {number}"} for number in range(5)]
KINDS = ["single", "multiple", "scale", "number", "short_text"]
LUA = """
local sent = 0
request = function()
    sent = sent + 1
    local body = "FIELDS&q-q0=c" .. sent % 5
    return wrk.format("POST", nil, {["Content-Type"] = "application/x-www-form-urlencoded"}, body)
end
"""


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: answers a second in the open test (200 unless told)."""
    measuring.need("wrk")
    rate = int(arguments[0]) if arguments else 200
    anybody, mailed = make_survey("anybody"), make_survey("address")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {bare_insert.TABLE} (email text, choice text)")
    with measuring.granian("benchmarks.bare_insert:application", "/vote/", interface="wsgi") as url:
        script = LUA.replace("FIELDS&q-q0", "email=a%40example.com&vote-best")
        bare, bare_ms = post_all(url, script)
    with measuring.granian("cms.asgi:application", anybody.get_absolute_url()) as url:
        first, first_ms = post_all(url, LUA.replace("FIELDS", urlencode(fields(1))))
        taken = open_arrivals(url, mailed, rate)
    figures = {
        "bare_per_s": round(bare),
        "first_pages_per_s": round(first),
        "vs_bare": round(first / bare, 2),
        "bare_web_ms": round(bare_ms, 2),
        "first_page_web_ms": round(first_ms, 2),
        "rate_per_s": rate,
        **taken,
    }
    measuring.table(figures)
    return figures


def make_survey(who: str) -> Survey:
    """An open survey of 20 questions on one page."""
    survey = Survey.objects.create(slug=f"{who}-{time.time_ns()}", title="A survey", access=who)
    questions = [
        {"id": f"q{number}", "kind": KINDS[number % len(KINDS)], "text": f"Question {number}?", "choices": CHOICES}
        for number in range(QUESTIONS)
    ]
    versions.save(survey, {"pages": [{"id": "p1", "questions": questions}]})
    phases.open_survey(survey)
    return survey


def fields(number: int) -> dict[str, str]:
    """Answers to all questions but the first."""
    answers = {
        "single": f"c{number % 5}",
        "multiple": "c2",
        "scale": "4",
        "number": str(number),
        "short_text": "A few words",
    }
    return {f"q-q{place}": answers[KINDS[place % len(KINDS)]] for place in range(1, QUESTIONS)}


def open_arrivals(url: str, survey: Survey, rate: int) -> dict[str, Any]:
    """Answer at a fixed rate, send each twice, and count what became of them."""
    count, host = rate * SECONDS, urlsplit(url).netloc
    paths = [
        access.address_link(survey, f"open{number}@example.com").removeprefix(settings.SITE_URL)
        for number in range(count)
    ]
    forms = [urlencode({**fields(number), "q-q0": f"c{number % 5}"}) for number in range(count)]
    requests = list[float]()

    def answer(number: int) -> int:
        summary = timed(requests, host, "POST", paths[number], forms[number])
        timed(requests, host, "GET", summary)
        timed(requests, host, "POST", summary)
        return int(timed(requests, host, "POST", summary) == summary)

    whole = at_rate(answer, count, rate)
    while Sitting.objects.filter(survey=survey).count() > settling.TOGETHER:
        settling.settle(survey)
    left = Sitting.objects.filter(survey=survey).count()
    times, requests = sorted(taken for _, taken in whole), sorted(requests)
    return {
        "answered": count,
        "counted": Response.objects.filter(survey=survey).count() + left,
        "lost": count - Response.objects.filter(survey=survey).count() - left,
        "duplicated": Response.objects.filter(survey=survey).count()
        + left
        - Participation.objects.filter(survey=survey).count(),
        "request_p50_ms": round(statistics.median(requests) * 1000, 1),
        "request_p95_ms": round(requests[int(len(requests) * 0.95)] * 1000, 1),
        "answer_p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
    }


_kept = threading.local()


def timed(requests: list[float], host: str, method: str, path: str, form: str = "") -> str:
    """One request over this thread's kept connection, timed; where it leads: the same path, or where it redirects to."""
    client = getattr(_kept, "client", None)
    if client is None:
        client = _kept.client = http.client.HTTPConnection(host, timeout=60)
    began = time.perf_counter()
    client.request(method, path, form, FORM if method == "POST" else {})
    answer = client.getresponse()
    answer.read()
    requests.append(time.perf_counter() - began)
    if answer.status not in (200, 303):
        raise RuntimeError(f"{path}: {answer.status}")
    return answer.headers.get("Location") or path
