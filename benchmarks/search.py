"""Full-text search over many articles, as readers' requests: common and rare words, phrases, filters, further pages."""

import random
import statistics
import time
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from articles.models import Publication
from benchmarks import corpus, measuring

EACH = 60
COMMON, USUAL, RARE = range(60), range(60, 2_000), range(2_000, 20_000)  # places in the vocabulary


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of articles (100,000 unless told)."""
    count = int(arguments[0]) if arguments else 100_000
    corpus.ensure_articles(count)
    client, source = Client(headers={"host": "localhost"}), random.Random(3)
    client.get("/blog/search/?q=warm")
    figures: dict[str, Any] = {"articles": count}
    taken: list[float] = []
    for kind, asked in _asked(source).items():
        times = [_time(client, parameters) for parameters in asked]
        taken += times
        figures |= _figures(f"{kind}_", times)
    figures |= _figures("", taken)
    measuring.table(figures)
    return figures


def _asked(source: random.Random) -> dict[str, list[dict[str, Any]]]:
    """The parameters of the requests, by kind."""
    words = corpus.vocabulary()

    def some(*places: range) -> str:
        return " ".join(words[source.choice(place)] for place in places)

    def many(make: Any) -> list[dict[str, Any]]:
        return [make() for _ in range(EACH)]

    year = timezone.now().year
    return {
        "common": many(lambda: {"q": some(COMMON)}),
        "usual": many(lambda: {"q": some(USUAL)}),
        "rare": many(lambda: {"q": some(RARE)}),
        "two_words": many(lambda: {"q": some(source.choice([COMMON, USUAL]), USUAL)}),
        "three_words": many(lambda: {"q": some(COMMON, USUAL, source.choice([USUAL, RARE]))}),
        "phrase": [{"q": f'"{phrase}"'} for phrase in _phrases(source)],
        "in_section": many(lambda: {"q": some(source.choice([COMMON, USUAL])), "category": "research"}),
        "in_year": many(lambda: {"q": some(source.choice([COMMON, USUAL])), "year": year}),
        "by_author": many(lambda: {"q": some(source.choice([COMMON, USUAL])), "author": "author-7"}),
        "page_2_or_3": many(lambda: {"q": some(COMMON), "page": source.choice([2, 3])}),
    }


def _phrases(source: random.Random) -> list[str]:
    """Two or three words in a row, as they stand in some article."""
    phrases = []
    for text in Publication.objects.filter(pk__lte=100_000, pk__gt=100).values_list("text", flat=True)[:EACH]:
        words = text.split()
        start = source.randrange(len(words) - 3)
        phrases.append(" ".join(words[start : start + source.choice([2, 3])]))
    return phrases


def _time(client: Client, parameters: dict[str, Any]) -> float:
    began = time.perf_counter()
    assert client.get("/blog/search/?" + urlencode(parameters)).status_code == 200
    return (time.perf_counter() - began) * 1000


def _figures(name: str, taken: list[float]) -> dict[str, float]:
    taken = sorted(taken)
    return {
        f"{name}p50_ms": round(statistics.median(taken), 1),
        f"{name}p95_ms": round(taken[int(len(taken) * 0.95)], 1),
        f"{name}max_ms": round(taken[-1], 1),
    }
