"""Subscribers from a CSV file through the whole import, beside a bare COPY of the same file.

The bare COPY puts the lines into a table of text columns with no key, no index and no check. The import finds out how the
file is written, checks each address and date, and writes subscriber, subscription and ledger, with their indexes, keys and
constraints. What that alone costs is told by a third: a COPY of the import's own rows into those tables. The three take turns,
each time on empty tables.

That third is the ceiling: three rows and about twelve index entries for a subscriber, two foreign keys to look up, and the
words of the address and the name (docs/decisions/0016-subscribers-are-found-by-words.md) take it some 30 to 40 times as
long as the bare COPY, so `vs_copy` cannot pass about 0.03 however fast the file is read. `vs_copy_into_tables` tells how
near the import comes; that COPY has the rows in the order in which the import wrote them, by address, which dirties the
fewest pages of the indexes.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from benchmarks import measuring
from newsletter.models import Newsletter
from newsletter.subscribers.importing import import_subscribers

ROUNDS = 3
TABLES = "newsletter_subscriber, newsletter_subscription, newsletter_consentact, newsletter_suppression"
BARE = "benchmark_bare_copy"
COLUMNS = "email text, first_name text, last_name text, confirm_time text, confirm_ip text"


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of subscribers (1,000,000 unless told)."""
    count = int(arguments[0]) if arguments else 1_000_000
    newsletter, _ = Newsletter.objects.get_or_create(slug="importing", defaults={"name": "Importing"})
    path = _file(count)
    rounds: list[dict[str, float]] = []
    for number in range(ROUNDS):
        _empty()
        bare = _seconds(_bare_copy, path)
        Path("/proc/self/clear_refs").write_text("5")  # the peak of memory is counted anew
        before = _memory("VmRSS")
        ours = _seconds(_import, path, newsletter, count)
        memory = _memory("VmHWM") - before
        rounds.append({"bare": bare, "ours": ours, "tables": _copied_into_tables(), "memory": memory})
        measuring.table({f"round {number + 1}": {name: round(value, 2) for name, value in rounds[-1].items()}})
    _empty()
    path.unlink()
    figures = {
        "subscribers": count,
        "rows_per_s": round(count / statistics.median(each["ours"] for each in rounds)),
        "copy_rows_per_s": round(count / statistics.median(each["bare"] for each in rounds)),
        "vs_copy": round(statistics.median(each["bare"] / each["ours"] for each in rounds), 3),
        "vs_copy_into_tables": round(statistics.median(each["tables"] / each["ours"] for each in rounds), 2),
        "memory_mb": round(max(each["memory"] for each in rounds), 1),
    }
    measuring.table(figures)
    return figures


def _file(count: int) -> Path:
    """A file like Mailchimp's, in an order that is none of the index's."""
    path = Path(settings.VAR) / "benchmark-subscribers.csv"
    with path.open("w") as file:
        file.write("Email Address,First Name,Last Name,CONFIRM_TIME,CONFIRM_IP\n")
        for number in range(count):
            mixed = number * 7_368_787 % 1_000_003
            when = f"20{15 + mixed % 10}-{1 + mixed % 12:02}-{1 + mixed % 28:02} {mixed % 24:02}:{number % 60:02}:{mixed % 60:02}"
            ip = f"203.{mixed % 200}.{number % 250}.9"
            file.write(f"reader{mixed}.{number}@mail{mixed % 97}.example,Ann,Lee,{when},{ip}\n")
    return path


def _empty() -> None:
    """Empty the tables, past the triggers that refuse it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")


def _seconds(work: Callable[..., None], *arguments: Any) -> float:
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


def _bare_copy(path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {BARE}")
        cursor.execute(f"CREATE TABLE {BARE} ({COLUMNS})")
        with path.open("rb") as file, cursor.copy(f"COPY {BARE} FROM STDIN (FORMAT csv, HEADER)") as out:
            while block := file.read(1 << 16):
                out.write(block)
        cursor.execute(f"DROP TABLE {BARE}")


def _copied_into_tables() -> float:
    """The seconds that a COPY takes to put the imported rows into the same tables anew, ready and in order."""
    tables = TABLES.split(", ")[:3]
    with connection.cursor() as cursor:
        saved = {}
        for table in tables:
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as out:
                saved[table] = b"".join(map(bytes, out))
        _empty()
        began = time.perf_counter()
        with transaction.atomic():
            for table, data in saved.items():
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as into:
                    into.write(data)
        return time.perf_counter() - began


def _import(path: Path, newsletter: Newsletter, count: int) -> None:
    report = import_subscribers(path, newsletter=newsletter)
    assert report.mailable == count, report


def _memory(name: str) -> float:
    """This process's memory now (VmRSS) or at its peak (VmHWM), in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024
