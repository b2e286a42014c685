"""Imports of posts begun at the desk: what a worker does with an uploaded export (core.upload_runs)."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from articles.images import MAX_BYTES
from articles.importing.detecting import SYSTEMS, open_export
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.loader import load
from articles.importing.load.missing_pictures import fetch_missing
from articles.importing.load.report import DELETED, EDITED, FAILED, REFUSED, Report
from articles.importing.looking import look_at
from articles.importing.mapping import Names, give_names
from articles.importing.posts import Export, ImportRefused
from articles.importing.undoing import undo
from articles.models import PostImport, Publication
from articles.related import relate_all
from core import upload_runs
from core.lib.text import without_addresses
from core.upload_runs import FILES_KEPT_FOR, Refused, Stopped, Watch

State, Job = PostImport.State, PostImport.Job
LISTED = 200
AFTERWARDS = (Job.PICTURES, Job.UNDO)


class Engine(upload_runs.Engine):
    model = PostImport
    lock = 1
    task = "articles.tasks.import_posts"
    unnamed = "export"
    cancelled = "Cancelled. What had come in before stays; it can be undone."

    def work(self, row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
        steps = {
            Job.LOOK: self._look,
            Job.DRY_RUN: self._load,
            Job.IMPORT: self._load,
            Job.PICTURES: self._fetch,
            Job.UNDO: self._undo,
        }
        try:
            state, outcome = steps[Job(row.job)](row, watch)
        except ImportRefused as refused:
            raise Refused(str(refused)) from None
        return state, outcome | {"rows_done": watch.done, "rows_total": watch.total}

    def left_in(self, row: PostImport, state: str) -> str:
        """A file that was only tried stays to be imported, and what was imported stays so."""
        if row.state == State.RUNNING and row.job in AFTERWARDS:
            return State.DONE
        return State.UPLOADED if row.job == Job.DRY_RUN and row.is_running and state == State.CANCELLED else state

    def is_over(self, row: PostImport, state: str) -> bool:
        has_subscribers = bool(row.found.get("subscribers")) and state == State.DONE
        return state in (State.DONE, State.CANCELLED, State.UNDONE) and not has_subscribers

    def wanted(self) -> Any:
        """Also those from which a list of subscribers can still be handed on."""
        recent = Q(
            state=State.DONE, created_at__gte=timezone.now() - FILES_KEPT_FOR, found__subscribers__0__isnull=False
        )
        return self.model.objects.filter(~Q(state__in=[State.DONE, State.CANCELLED, State.UNDONE]) | recent)

    def _look(self, row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
        export = open_export(row.path)
        found = look_at(export, tick=_ticker(export, watch)) | {"name": SYSTEMS.get(export.format, export.format)}
        return State.UPLOADED, {"found": _clean(found)}

    def _load(self, row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
        is_dry_run = row.job == Job.DRY_RUN
        export = open_export(row.path)
        export.site = row.chosen.get("site") or export.site
        give_names(export, Names.of(row.chosen))
        try:
            report = load(
                export, source=row.file_name, dry_run=is_dry_run, fetcher=_fetcher(row), by=row.by,
                tick=_ticker(export, watch), run=row,
            )  # fmt: skip
        except Stopped:
            if not is_dry_run and watch.stop == self.cancelled:
                _relate(row)
            raise
        kept = _kept(report) | {"is_dry_run": is_dry_run, "began_anew": row.attempts > 1}
        return State.UPLOADED if is_dry_run else State.DONE, {"report": kept}

    def _fetch(self, row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
        fetcher = Fetcher(max_bytes=MAX_BYTES)
        return State.DONE, {
            "report": row.report | {"later": _clean(fetch_missing(row, fetcher=fetcher, tick=watch.told))}
        }

    def _undo(self, row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
        return State.UNDONE, {"report": row.report | {"undone": undo(row, tick=watch.told)}}


ENGINE = Engine()


def _ticker(export: Export, watch: Watch) -> Any:
    return lambda number: watch.told(number, max(number, export.total or 0))


def _fetcher(row: PostImport) -> Fetcher:
    return Fetcher(max_bytes=MAX_BYTES, enabled=bool(row.chosen.get("fetch", True)))


def _relate(row: PostImport) -> None:
    """Relate to others what had come in before the import was cancelled."""
    came = Publication.objects.filter(article__imported_from__run=row)
    if numbers := set(came.filter(related=None).values_list("pk", flat=True)):
        relate_all(numbers)


def _kept(report: Report) -> dict[str, Any]:
    """A report as it is kept: counts, and of the posts those that somebody has to look at."""
    whole = report.as_json()
    told = (EDITED, DELETED, REFUSED, FAILED)
    posts = [post for post in whole.pop("posts") if post["outcome"] in told]
    pictures = whole["images"].pop("kept_as_references")
    kept: dict[str, Any] = _clean(
        whole
        | {
            "posts": [{key: post[key] for key in ("outcome", "title", "where", "reason")} for post in posts[:LISTED]],
            "posts_told": len(posts),
            "pictures": [f"{source[:300]} ({reason})" for source, reason in list(pictures.items())[:LISTED]],
            "pictures_missing": len(pictures),
        }
    )
    return kept


def _clean(value: Any) -> Any:
    """Without mail addresses, and without what PostgreSQL cannot store."""
    if isinstance(value, str):
        return without_addresses(value.replace("\0", ""))
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value
