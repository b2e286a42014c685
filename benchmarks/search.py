"""Full-text search over many articles, as a reader's request: words, several words, phrases, a category."""

import random
import statistics
import time
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from benchmarks import corpus, measuring

QUERIES = 300


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of articles (100,000 unless told)."""
    count = int(arguments[0]) if arguments else 100_000
    corpus.ensure_articles(count)
    words, source = corpus.vocabulary(), random.Random(3)
    client = Client(headers={"host": "localhost"})
    taken = []
    for number in range(QUERIES + 20):
        ranks = [source.randrange(60, 5_000) for _ in range(source.choice([1, 2, 2, 3]))]
        asked = {"q": " ".join(words[rank] for rank in ranks)}
        if number % 5 == 0:
            asked["category"] = "research"
        began = time.perf_counter()
        assert client.get("/blog/search/?" + urlencode(asked)).status_code == 200
        taken.append((time.perf_counter() - began) * 1000)
    taken = sorted(taken[20:])
    figures = {
        "articles": count,
        "p50_ms": round(statistics.median(taken), 1),
        "p95_ms": round(taken[int(len(taken) * 0.95)], 1),
        "max_ms": round(taken[-1], 1),
    }
    measuring.table(figures)
    return figures
