"""Whether web and worker stay as large as they are: their memory over so many requests, and over so many letters.

Pages are asked for of every kind and with ever new addresses: articles, lists, searches, what there is not, beacons. Before that so many
of them that web has kept as many pages as it ever does, since what comes on top of that would be a leak. What is measured is the
memory that is a process's own and its share of the rest (PSS), of the Procfile's processes with all their children. The slope is
that of a straight line through what was measured after the first third, in kB for a thousand requests or letters.
"""

import random
import re
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import corpus, measuring, sending
from core.pagecache import KEPT_BYTES
from tests.smtp import free_port, wait_until

ARTICLES = 1_000
ROUNDS = 30
TOGETHER = 20_000  # letters of one briefing, at most
SMALLEST = 50  # MB; Python with our code takes more
WEB_PROCESSES = 2
MISSING = 0.02  # the share of requests that may be for what there is not
LUA = """
local number, me = 0, tostring({}):match("0x(%x+)")
math.randomseed(tonumber(me, 16))
local words = {WORDS}
request = function()
    number = number + 1
    local kind = FILLING and 2 or number % 100
    if kind == 0 then return wrk.format("GET", "/blog/search/?q=" .. words[math.random(#words)]) end
    if kind == 1 then return wrk.format("GET", "/no-such-page-" .. me .. "-" .. number .. "/") end
    if kind == 2 then return wrk.format("GET", "/blog/article-" .. math.random(0, ARTICLES) .. "/?page=" .. math.random(1e9)) end
    if kind < 5 then return wrk.format("GET", "/blog/?page=" .. math.random(50)) end
    if kind < 10 then
        local headers = {["Origin"] = "http://HOST", ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
            ["X-Forwarded-For"] = "198.18." .. math.random(250) .. "." .. math.random(250)}
        local view = me .. "." .. number .. "\\n1\\nhttp://HOST/blog/article-" .. math.random(0, ARTICLES) .. "/\\n"
        return wrk.format("POST", "/b", headers, view)
    end
    return wrk.format("GET", "/blog/article-" .. math.random(0, ARTICLES) .. "/")
end
"""
Course = list[tuple[int, float]]  # after so many, so many MB


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of requests (1,000,000 unless told), and of letters (as many); 0 leaves them out."""
    measuring.need("wrk")
    sending.need_programs()
    requests = int(arguments[0]) if arguments else 1_000_000
    letters = int(arguments[1]) if len(arguments) > 1 else requests
    corpus.ensure_articles(ARTICLES)
    figures = {"requests": requests, "letters": letters}
    if requests:
        figures |= told("web", web(requests), "request")
    if letters:
        figures |= told("worker", worker(letters), "letter")
    measuring.table(figures)
    return figures


def told(name: str, course: Course, unit: str) -> dict[str, Any]:
    """What a course comes to; all of it is printed."""
    print(f"{name}: {', '.join(f'{number:,} {unit}s {size:.0f} MB' for number, size in course)}", flush=True)
    settled = course[len(course) // 3 :]
    line = statistics.linear_regression(*zip(*settled, strict=True)) if len(settled) > 1 else None
    return {
        f"{name}_mb_before": round(course[0][1], 1),
        f"{name}_mb_settled": round(settled[0][1], 1),
        f"{name}_mb_after": round(course[-1][1], 1),
        f"{name}_kb_per_1000_{unit}s": round(line.slope * 1_000_000, 1) if line else None,
    }


def course_of(pid: int, number: int, step: Callable[[], int]) -> Course:
    """How large a process is before and after each of several steps, until there were so many in all."""
    done, course = 0, [(0, size_of(pid))]
    while done < number:
        done += step()
        course.append((done, size_of(pid)))
    return course


def web(number: int) -> Course:
    """Ask for pages as fast as they come."""
    port = free_port()
    host, source = f"127.0.0.1:{port}", random.Random(4)
    words = ", ".join(f'"{word}"' for word in source.sample(corpus.vocabulary(), 2_000))
    script = LUA.replace("WORDS", words).replace("HOST", host).replace("ARTICLES", str(ARTICLES - 1))
    environment = {
        "PORT": str(port),
        "BEHIND_PROXY": "1",
        "SITE_URL": f"http://{host}",
        "WEB_WORKERS": str(WEB_PROCESSES),
    }
    with measuring.process("web", **environment) as site, tempfile.TemporaryDirectory() as folder:
        measuring.wait_for(f"http://{host}/")

        def ask(*, filling: bool) -> int:
            path = Path(folder, "ask.lua")
            path.write_text(script.replace("FILLING", str(filling).lower()))
            return measuring.wrk("-t1", "-c16", "-d4s", "-s", str(path), f"http://{host}", may_fail=MISSING).requests

        def step() -> int:
            asked = 0
            while asked < number / ROUNDS:
                asked += ask(filling=False)
            return asked

        step()  # by then it has loaded what it needs
        started = size_of(site.pid)
        page, asked = len(measuring.fetch(f"http://{host}/blog/article-0/")), 0
        while asked * page < WEB_PROCESSES * KEPT_BYTES:  # more than enough: the page is kept compressed as well
            asked += ask(filling=True)
        return [(0, started), *course_of(site.pid, number, step)[1:]]


def worker(number: int) -> Course:
    """Have briefings sent, one after the other."""
    count = min(TOGETHER, max(1_000, number // ROUNDS))
    newsletter = sending.audience(count)
    with ExitStack() as running:
        settings = sending.worker_settings(running.enter_context(sending.sink()))
        process = running.enter_context(measuring.process("worker", **settings))
        processes = int(settings["WORKER_PROCESSES"])
        wait_until(
            lambda: len(measuring.children(process.pid)) >= processes, seconds=120, what="the worker's processes"
        )

        def step() -> int:
            return int(sending.briefing_sent(newsletter)[0].delivered)

        step()
        return course_of(process.pid, number, step)


def size_of(pid: int) -> float:
    """MB of a process and its children (PSS). Raises AssertionError where so little cannot be one of ours with what it has loaded."""
    size = sum(map(_pss, [pid, *measuring.children(pid)])) / 1024
    assert size > SMALLEST, f"Process {pid} has {size:.1f} MB with its children: it has not begun, or has ended."
    return size


def _pss(pid: int) -> int:
    try:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended meanwhile
        return 0
    (size,) = re.findall(r"^Pss:\s+(\d+) kB", said, re.MULTILINE)
    return int(size)
