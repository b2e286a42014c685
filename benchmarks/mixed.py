"""Everything at once: reading, beacons, votes, sign-ups and clicks in open arrivals, while a briefing is sent to all.

The processes are the Procfile's. 95 of 100 requests read: the front page, the list, 500 articles, some far oftener than others.
It measures reading alone, then with the rest beside it, then while the briefing goes out; each answer is timed from when
its request left, which waits for no other. The load comes from a process of its own (benchmarks.arrivals); how late that was is told.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max

from articles.models import PageView
from articles.readership import rollup
from benchmarks import corpus, measuring, sending
from benchmarks.tally import NOMINEES, make_category
from core.lib.signing import make_token
from core.models import ContentGeneration, OutgoingMail
from newsletter.models import Briefing, Delivery, Hit, SignUp, SignUpRules
from surveys.models import BallotRules, PendingBallot, Season
from tests.smtp import free_port, wait_until

ARTICLES = 500
QUIET_SECONDS = 30
LONGEST_SECONDS = 600
PHASES = ("quiet", "beside_writes", "while_sending")
# Of a hundred requests; the rest reads.
WRITES = {"beacon": 2.0, "vote": 1.0, "sign-up": 1.0, "click": 1.0}
Request = tuple[str, str, str, str, str]  # kind, method, path, body, address
Answer = tuple[
    str, int, float, float, float
]  # kind, status, when it was due, seconds from when it left, seconds it left late


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of subscribers (100,000 unless told), requests a second (300)."""
    sending.need_programs()
    count = int(arguments[0]) if arguments else 100_000
    rate = int(arguments[1]) if len(arguments) > 1 else 300
    corpus.ensure_articles(ARTICLES)
    rollup.roll_up_due()
    newsletter, season = sending.audience(count), make_category().season
    for rules in (SignUpRules, BallotRules):  # so many from so few are no attack here
        rules.objects.update_or_create(pk=1, defaults={"proof_when": "never"})
    port = free_port()
    environment = {"PORT": str(port), "BEHIND_PROXY": "1", "SITE_URL": f"http://127.0.0.1:{port}"}
    with ExitStack() as running:
        mail = sending.worker_settings(running.enter_context(sending.sink()))
        for name in ("worker", "beat", "web"):
            running.enter_context(measuring.process(name, **environment, **mail))
        measuring.wait_for(f"http://127.0.0.1:{port}/")
        first, _, alone_seconds = sending.briefing_sent(newsletter)
        wait_until(lambda: not SignUp.objects.exists(), seconds=60, what="earlier sign-ups")
        mix = Mix(f"127.0.0.1:{port}", season, first)
        readers = rate * (1 - sum(WRITES.values()) / 100)
        mix.arrive(mix.reading(), readers, QUIET_SECONDS // 3)  # pages are kept from then on
        generations = [generation()]
        quiet = mix.arrive(mix.reading(), readers, QUIET_SECONDS)
        generations.append(generation())
        before = kept(season)
        beside = mix.arrive(mix.everything(), rate, QUIET_SECONDS)
        with mix.arriving(mix.everything(), rate, LONGEST_SECONDS) as answers:
            time.sleep(2)
            generations.append(generation())
            began = time.monotonic()
            seconds = sending.briefing_sent(newsletter)[2]
            ended = time.monotonic()
            generations.append(generation())
        under_send = [each for each in answers if began < each[2] < ended]
        time.sleep(5)  # beacons are written together
        arrived = {kind: sum(each[0] == kind for each in [*beside, *answers]) for kind in WRITES}
        lost = {kind: arrived[kind] - number + before[kind] for kind, number in kept(season).items()}
    everything = [*quiet, *beside, *answers]
    figures = {
        "subscribers": count,
        "rate_per_s": rate,
        **{f"quiet_{name}": value for name, value in of_reading(quiet).items()},
        **{f"beside_writes_{name}": value for name, value in of_reading(beside).items()},
        **{f"while_sending_{name}": value for name, value in of_reading(under_send).items()},
        "vs_quiet": round(percentile(reads(under_send), 95) / percentile(reads(quiet), 95), 2),
        "writes_p95_ms": {kind: percentile([each[3] for each in under_send if each[0] == kind], 95) for kind in WRITES},
        "generations": dict(zip(PHASES, (b - a for a, b in pairwise(generations)), strict=True)),
        "sent_per_s_alone": round(count / alone_seconds),
        "sent_per_s": round(count / seconds),
        "refused": dict(Counter(f"{each[0]} {each[1]}" for each in everything if each[1] not in (200, 204, 302))) or 0,
        "lost": sum(lost.values()),
        "generator_late_p95_ms": percentile([each[4] for each in under_send], 95),
        "generator_busy": round(mix.busy, 2),
    }
    measuring.table(figures)
    return figures


def generation() -> int:
    """The number that grows whenever articles' pages have to be made anew."""
    return int(ContentGeneration.objects.filter(pk=1).aggregate(value=Max("value"))["value"] or 0)


def reads(answers: list[Answer]) -> list[float]:
    return [each[3] for each in answers if each[0] == "read"]


def of_reading(answers: list[Answer]) -> dict[str, float]:
    return {f"p{which}_ms": percentile(reads(answers), which) for which in (50, 95, 99)}


def percentile(times: list[float], which: int) -> float:
    return round(statistics.quantiles(times, n=100)[which - 1] * 1000, 2)


def kept(season: Season) -> dict[str, int]:
    """What there is of each kind of writing."""
    return {
        "beacon": PageView.objects.count(),
        "vote": PendingBallot.objects.filter(season=season).count(),
        "sign-up": SignUp.objects.count() + OutgoingMail.objects.filter(kind="newsletter.confirm").count(),
        "click": Hit.objects.count(),
    }


@dataclass
class Mix:
    """Who comes, how often, and for what."""

    host: str
    season: Season
    briefing: Briefing
    busy: float = 0.0  # the most of a core that the generator needed
    number: int = 0  # of requests made up so far

    def reading(self) -> Iterator[Request]:
        source = random.Random(2)
        while True:
            yield self.read(source)

    def everything(self) -> Iterator[Request]:
        source = random.Random(3)
        keys = Delivery.objects.filter(briefing=self.briefing).values_list("pk", flat=True)[:5_000]
        tokens = [make_token("delivery", key) for key in keys]
        kinds = {"read": 100 - sum(WRITES.values()), **WRITES}
        for kind in iter(lambda: source.choices([*kinds], [*kinds.values()])[0], None):
            self.number += 1
            yield self.read(source) if kind == "read" else self.write(str(kind), source, tokens)

    def read(self, source: random.Random) -> Request:
        path = source.choices(["/", "/blog/", self.article(source)], [15, 5, 80])[0]
        return "read", "GET", path, "", self.address(source)

    def article(self, source: random.Random) -> str:
        return f"/blog/article-{min(ARTICLES - 1, int(source.paretovariate(0.7)) - 1)}/"

    def address(self, source: random.Random) -> str:
        return f"198.{source.choice((18, 19))}.{source.randrange(250)}.{source.randrange(250)}"

    def write(self, kind: str, source: random.Random, tokens: list[str]) -> Request:
        email = f"{self.season.slug}-{self.number}@example.com"
        method, path, body = {
            "beacon": (
                "POST",
                "/b",
                f"{self.season.slug}.{self.number}\n1\nhttp://{self.host}{self.article(source)}\nhttps://search.example/",
            ),
            "vote": (
                "POST",
                f"/awards/{self.season.slug}/vote/",
                urlencode({"email": email, "vote-best": source.choice(NOMINEES)}),
            ),
            "sign-up": ("POST", "/newsletter/subscribe/", urlencode({"email": email, "newsletter": "benchmark"})),
            "click": ("GET", f"/l/{source.randint(1, 8)}.{source.choice(tokens)}", ""),
        }[kind]
        return kind, method, path, body, self.address(source)

    def arrive(self, requests: Iterator[Request], rate: float, seconds: float) -> list[Answer]:
        with self.arriving(requests, rate, seconds, to_the_end=True) as answers:
            pass
        return answers

    @contextmanager
    def arriving(
        self, requests: Iterator[Request], rate: float, seconds: float, *, to_the_end: bool = False
    ) -> Iterator[list[Answer]]:
        """Requests arrive while the block runs, or for all of the seconds; the list has the answers afterwards."""
        answers: list[Answer] = []
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as plan:
            plan.writelines(json.dumps(each) + "\n" for each in islice(requests, int(seconds * rate)))
            plan.flush()
            command = [sys.executable, "-P", "-m", "benchmarks.arrivals", self.host, plan.name, str(rate)]
            process = subprocess.Popen(command, cwd=measuring.ROOT, stdout=subprocess.PIPE)
            try:
                yield answers
            finally:
                if not to_the_end:
                    process.terminate()
                said = process.communicate(timeout=LONGEST_SECONDS)[0]
        found = json.loads(said)
        self.busy = max(self.busy, found["busy"])
        answers += [tuple(each) for each in found["answers"]]
