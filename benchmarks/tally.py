"""A million ballots sealed, tallied and verified, beside a bare GROUP BY over the same rows."""

import json
import random
import secrets
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks import measuring
from surveys import ledger, release, seasons, verification
from surveys.models import AwardCategory, Season

NOMINEES = [f"nominee-{number}" for number in range(12)]
COPY = "COPY surveys_ballot (category_id, voter_key, choice, nonce, leaf_hash, state, reason) FROM STDIN"


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of ballots (1,000,000 unless told)."""
    count = int(arguments[0]) if arguments else 1_000_000
    category = make_category()
    filled = timed(lambda: cast(category, count))
    sealed = timed(lambda: seasons.close(category.season))
    category.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE surveys_ballot")
        cursor.execute("VACUUM ANALYZE surveys_ledgerentry")
    bare = statistics.median(timed(lambda: group_by(category)) for _ in range(3))
    tallied = statistics.median(timed(lambda: release.tally(category)) for _ in range(3))
    found: list[str] = []
    verified = timed(lambda: found.extend(verification.problems(category.season)))
    figures = {
        "ballots": count,
        "fill_s": round(filled, 2),
        "seal_s": round(sealed, 2),
        "count_s": round(bare, 3),
        "tally_s": round(tallied, 3),
        "verify_s": round(verified, 2),
        "problems": len(found),
        "vs_count": round(tallied / bare, 2),
    }
    measuring.table(figures)
    return figures


def make_category() -> AwardCategory:
    slug = f"bench-{secrets.token_hex(4)}"
    now = timezone.now()
    times = {"opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=1)}
    season = Season.objects.create(slug=slug, title=slug, **times)
    category = season.categories.create(slug="best", title="Best")
    for name in NOMINEES:
        category.nominees.create(slug=name, name=name.title())
    seasons.open_voting(season)
    return category


def cast(category: AwardCategory, count: int) -> None:
    """Confirmed ballots that wait for the sequencer."""
    source = random.Random(1)
    with connection.cursor() as cursor:
        with cursor.copy(COPY) as rows:
            for _ in range(count):
                choice, nonce = [[NOMINEES[min(11, int(source.expovariate(0.4)))]]], secrets.token_bytes(16)
                leaf = ledger.ballot_leaf(category, choice, nonce)
                rows.write_row((category.pk, secrets.token_bytes(32), json.dumps(choice), nonce, leaf, "cast", ""))
        cursor.execute(
            "INSERT INTO surveys_unsealedballot SELECT id FROM surveys_ballot WHERE category_id = %s", [category.pk]
        )


def group_by(category: AwardCategory) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT choice, count(*) FROM surveys_ballot WHERE category_id = %s GROUP BY choice", [category.pk]
        )
        cursor.fetchall()


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
