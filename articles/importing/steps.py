"""What is done with an uploaded export: looked at, tried, imported, completed, undone; each gives the next state, and what to keep.

Loaded by the worker that does it: all readers, and what they stand on, take a second and 25 MB.
"""

import logging
from typing import Any

from articles.images import MAX_BYTES
from articles.importing.detecting import open_export
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.loader import load
from articles.importing.load.missing_pictures import fetch_missing
from articles.importing.load.report import DELETED, EDITED, FAILED, REFUSED, Report
from articles.importing.looking import look_at
from articles.importing.mapping import Names, give_names
from articles.importing.posts import Export
from articles.importing.systems import SYSTEMS
from articles.importing.undoing import undo
from articles.importing.verify.comparison import verify
from articles.models import PostImport, Publication
from articles.related import relate_all
from core.lib.text import without_addresses
from core.upload_runs import Stopped, Watch

State, Job = PostImport.State, PostImport.Job
LISTED = 200

logger = logging.getLogger(__name__)


def look(row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
    """Read what an export holds."""
    export = open_export(row.path)
    found = look_at(export, tick=_ticker(export, watch)) | {"name": SYSTEMS.get(export.format, export.format)}
    _keep_lists(row, export)
    return State.UPLOADED, {"found": _clean(found)}


def _keep_lists(row: PostImport, export: Export) -> None:
    """Lay the lists of subscribers beside the export, so that handing one on opens the export no more."""
    for file in export.subscribers:
        path = row.list_path(_clean(file.name))
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_bytes(file.read())


def bring_in(row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
    """Import it, or try to."""
    is_dry_run = row.job == Job.DRY_RUN
    export = open_export(row.path)
    export.site = row.chosen.get("site") or export.site
    columns = export.columns | row.chosen.get("columns", {})
    export.columns = {what: name for what, name in columns.items() if name}
    give_names(export, Names.of(row.chosen))
    report = load(
        export, source=row.file_name, dry_run=is_dry_run, fetcher=_fetcher(row), by=row.by, tick=_ticker(export, watch), run=row
    )  # fmt: skip
    kept = _kept(report) | {"is_dry_run": is_dry_run, "began_anew": row.attempts > 1}
    if not is_dry_run:
        kept["compared"] = _compared(row, export, watch)
    return State.UPLOADED if is_dry_run else State.DONE, {"report": kept}


def fetch(row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
    """Fetch the pictures that are missing."""
    fetcher = Fetcher(max_bytes=MAX_BYTES)
    return State.DONE, {"report": row.report | {"later": _clean(fetch_missing(row, fetcher=fetcher, tick=watch.told))}}


def take_back(row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
    """Undo it."""
    return State.UNDONE, {"report": row.report | {"undone": undo(row, tick=watch.told)}}


def _ticker(export: Export, watch: Watch) -> Any:
    return lambda number: watch.told(number, max(number, export.total or 0))


def _fetcher(row: PostImport) -> Fetcher:
    return Fetcher(max_bytes=MAX_BYTES, enabled=bool(row.chosen.get("fetch", True)))


def relate(row: PostImport) -> None:
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


def _compared(row: PostImport, export: Export, watch: Watch) -> dict[str, Any] | None:
    """How the export differs from what is here now; None if that could not be found out, for what came in has come in."""
    try:
        chosen = {what: name for what, name in row.chosen.get("columns", {}).items() if name}
        found = verify(row.path, export.format, site=export.site, columns=chosen, tick=_ticker(export, watch))
    except Stopped:
        raise
    except Exception:
        logger.exception("The export of %s could not be compared with what came of it", row)
        return None
    lines = [f"{post}: {'; '.join(differences)}" for post, differences in found.differences.items()]
    kept: dict[str, Any] = _clean(
        {
            "there": found.posts,
            "here": found.here,
            "figures": [[name, found.there[name], found.made[name]] for name in found.there | found.made],
            "differing": len(lines),
            "lines": [line[:600] for line in lines[:LISTED]],
            "remarks": found.remarks,
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
