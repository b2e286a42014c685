"""A briefing to many subscribers by a real worker into smtp-sink, beside smtp-source and Django's send_messages.

All accounting is included: freeze, claims, intents, outcomes, settling. The rivals take turns with it, in the same
minutes, with messages of the same size and the same number of sessions.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection, transaction
from django.utils import timezone

from benchmarks import measuring
from core.models import SiteProfile, User
from newsletter.models import Briefing, BriefingItem, Newsletter, Subscription
from newsletter.sending import approval, sender
from newsletter.tasks import start_due_briefings
from tests.smtp import free_port, wait_until

ROUNDS = 3
RIVAL_MESSAGES = 2_000
PARAGRAPH = "A fee is two numbers multiplied, and one of them follows a rule simple enough to compute on paper. " * 4
SBIN = "/usr/sbin"


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of subscribers (20,000 unless told)."""
    need_programs()
    count = int(arguments[0]) if arguments else 20_000
    newsletter = audience(count)
    rounds: list[dict[str, float]] = []
    with sink() as port, measuring.process("worker", **worker_settings(port)):
        briefing_sent(newsletter)  # warms up the worker
        for number in range(ROUNDS):
            briefing, frozen, seconds = briefing_sent(newsletter)
            size = len(bytes(briefing.message.data))
            source = _per_second(count, _smtp_source, port, count, size)
            django = _per_second(RIVAL_MESSAGES, _send_messages, port, size)
            rounds.append({"ours": count / seconds, "frozen": count / frozen, "source": source, "django": django})
            measuring.table({f"round {number + 1}": {name: round(value) for name, value in rounds[-1].items()}})
    figures = _figures(rounds) | {"subscribers": count, "message_bytes": size}
    figures["row_bytes"] = {
        name: measuring.row_bytes(f"newsletter_{name}") for name in ("subscriber", "subscription", "delivery")
    }
    measuring.table(figures)
    return figures


def need_programs() -> None:
    os.environ["PATH"] += os.pathsep + SBIN
    if not shutil.which("smtp-sink"):
        sys.exit("This benchmark needs smtp-sink and smtp-source (on Debian: apt-get install postfix).")


def _figures(rounds: list[dict[str, float]]) -> dict[str, Any]:
    def middle(value: Any) -> float:
        return statistics.median(value(each) for each in rounds)

    return {
        "frozen_per_s": round(middle(lambda each: each["frozen"])),
        "messages_per_s": round(middle(lambda each: each["ours"])),
        "smtp_source_per_s": round(middle(lambda each: each["source"])),
        "send_messages_per_s": round(middle(lambda each: each["django"])),
        "vs_smtp_source": round(middle(lambda each: each["ours"] / each["source"]), 2),
        "vs_send_messages": round(middle(lambda each: each["ours"] / each["django"]), 1),
        "pumps": settings.NEWSLETTER_PUMPS,
        "sessions": settings.NEWSLETTER_PUMPS * sender.SESSIONS,
    }


def audience(count: int) -> Newsletter:
    """A list with so many confirmed subscribers."""
    SiteProfile(name="Benchmark", postal_address="1 Harbour Street, Port Vesper").save()
    fields = {"name": "Benchmark", "undo_seconds": 0}  # else the first letter waits for somebody to take it back
    newsletter, _ = Newsletter.objects.update_or_create(slug="benchmark", defaults=fields)
    if Subscription.objects.filter(newsletter=newsletter, state="confirmed").count() != count:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE newsletter_subscriber CASCADE")
            cursor.execute(
                "INSERT INTO newsletter_subscriber (email, canonical, name, created_at)"
                " SELECT email, email, '', now() FROM"
                " (SELECT 'reader' || n || '@example.test' AS email FROM generate_series(1, %s) n)",
                [count],
            )
            cursor.execute(
                "INSERT INTO newsletter_subscription (newsletter_id, subscriber_id, state, source, requested_at,"
                " requested_from, consent_text, confirmed_at, confirmed_from, unsubscribed_by)"
                " SELECT %s, id, 'confirmed', 'benchmark', now(), '', '', now(), '', '' FROM newsletter_subscriber",
                [newsletter.pk],
            )
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return newsletter


@contextmanager
def sink() -> Iterator[int]:
    port = free_port()
    drop_root = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(["smtp-sink", *drop_root, f"127.0.0.1:{port}", "1024"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()


def worker_settings(port: int) -> dict[str, str]:
    """What makes the Procfile's worker send to the sink, with a process for each pump."""
    return {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "WORKER_PROCESSES": str(settings.NEWSLETTER_PUMPS)}


def approved(newsletter: Newsletter) -> Briefing:
    """A briefing that may be sent at once."""
    now = timezone.now()
    briefing = Briefing.objects.create(
        newsletter=newsletter, subject="Gas fees, explained", issue_date=now.date(), slug=f"benchmark-{now:%s%f}"
    )
    for number in range(8):
        BriefingItem.objects.create(
            briefing=briefing,
            ordering=number,
            heading=f"Part {number}",
            text=f"{PARAGRAPH}\n\n{PARAGRAPH}",
            url="https://example.test/",
        )
    by, _ = User.objects.get_or_create(email="benchmark@example.test")
    approval.approve(briefing, by=by)
    return briefing


def briefing_sent(newsletter: Newsletter) -> tuple[Briefing, float, float]:
    """Have one sent; the seconds from ringing the worker until it is frozen, and until its counts have reconciled."""
    briefing = approved(newsletter)
    began = time.perf_counter()
    start_due_briefings.delay()
    wait_until(lambda: _state(briefing) != "approved", seconds=600, what="the freeze")
    frozen = time.perf_counter() - began
    wait_until(lambda: _state(briefing) == "sent", seconds=3600, what="the send")
    seconds = time.perf_counter() - began
    briefing.refresh_from_db()
    assert briefing.delivered == briefing.candidates, briefing
    return briefing, frozen, seconds


def _state(briefing: Briefing) -> str:
    return str(Briefing.objects.values_list("state", flat=True).get(pk=briefing.pk))


def _per_second(count: int, work: Callable[..., None], *arguments: int) -> float:
    began = time.perf_counter()
    work(*arguments)
    return float(count / (time.perf_counter() - began))


def _smtp_source(port: int, count: int, size: int) -> None:
    sessions = settings.NEWSLETTER_PUMPS * sender.SESSIONS
    addresses = ["-f", "desk@example.test", "-t", "reader@example.test"]
    options = ["-d", "-s", str(sessions), "-l", str(size), "-m", str(count), *addresses]
    subprocess.run(["smtp-source", *options, f"127.0.0.1:{port}"], check=True)


def _send_messages(port: int, size: int) -> None:
    """What Django offers: one connection, a message object for each recipient."""
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port)
    line = "A line of words that is about as long as lines in a mail are.\n"
    body = line * (size // len(line))
    messages = [
        EmailMessage("Subject", body, "desk@example.test", [f"reader{number}@example.test"])
        for number in range(RIVAL_MESSAGES)
    ]
    backend.send_messages(messages)
