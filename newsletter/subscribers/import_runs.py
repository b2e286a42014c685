"""Imports of subscribers begun at the desk, each an uploaded file that a worker imports (core.upload_runs)."""

from functools import partial
from pathlib import Path
from typing import Any

from django.urls import reverse

from articles.importing.posts import ImportRefused
from articles.importing.subscribers import Taker
from core import upload_runs
from core.upload_runs import CANCELLED, DONE, RUNNING, UPLOADED, Refused, Watch
from newsletter.models import Newsletter, SubscriberImport
from newsletter.subscribers.importing import ImportFailure, import_subscribers


class Engine(upload_runs.Engine):
    model = SubscriberImport
    lock = 0
    task = "newsletter.tasks.import_subscribers"
    unnamed = "list.csv"
    cancelled = "Cancelled. Whoever had come in before stays."

    def work(self, row: SubscriberImport, watch: Watch) -> tuple[str, dict[str, Any]]:
        try:
            report = import_subscribers(
                row.path, newsletter=row.newsletter, dry_run=row.is_dry_run, date_order=row.date_order,
                told=row.columns, tags=row.tags, words=row.words, progress=watch.told,
            )  # fmt: skip
        except ImportFailure as failure:
            raise Refused(str(failure)) from None
        kept = report.to_keep() | {"is_dry_run": row.is_dry_run, "began_anew": row.attempts > 1}
        total = {"rows_done": report.rows, "rows_total": report.rows}
        return UPLOADED if row.is_dry_run else DONE, {"report": kept, **total}

    def left_in(self, row: SubscriberImport, state: str) -> str:
        """A dry run that somebody stops while a worker has it leaves the file to be imported."""
        return UPLOADED if state == CANCELLED and row.state == RUNNING and row.lease and row.is_dry_run else state


ENGINE = Engine()


def start(row: SubscriberImport, *, is_dry_run: bool) -> None:
    """Have a worker run it. Raises TransitionRefused."""
    ENGINE.start(row, is_dry_run=is_dry_run, report={})


def _take(name: str, path: Path, by_name: str) -> str:
    """Keep a list that came with an export of posts; the page on which it goes on. Raises ImportRefused."""
    newsletter = Newsletter.objects.default() or Newsletter.objects.order_by("pk").first()
    if not newsletter:
        raise ImportRefused("There is no newsletter for them yet. Make one first.")
    with path.open("rb") as file:
        pieces = iter(partial(file.read, 1 << 20), b"")
        row = ENGINE.keep(pieces, name=name, newsletter=newsletter, by_name=by_name)
    return reverse("admin:newsletter_subscriberimport_show", args=[row.pk])


TAKER = Taker("newsletter.add_subscriberimport", _take)
