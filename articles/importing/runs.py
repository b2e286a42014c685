"""Imports of posts begun at the desk: what a worker does with an uploaded export (core.upload_runs)."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from articles.importing.posts import ImportRefused
from articles.models import PostImport
from core import upload_runs
from core.upload_runs import FILES_KEPT_FOR, Refused, Stopped, Watch

State, Job = PostImport.State, PostImport.Job
AFTERWARDS = (Job.PICTURES, Job.UNDO)


class Engine(upload_runs.Engine):
    model = PostImport
    lock = 1
    task = "articles.tasks.import_posts"
    unnamed = "export"
    cancelled = "Cancelled. What had come in before stays; it can be undone."

    def work(self, row: PostImport, watch: Watch) -> tuple[str, dict[str, Any]]:
        from articles.importing import steps

        step = {
            Job.LOOK: steps.look,
            Job.DRY_RUN: steps.bring_in,
            Job.IMPORT: steps.bring_in,
            Job.PICTURES: steps.fetch,
            Job.UNDO: steps.take_back,
        }[Job(row.job)]
        try:
            state, outcome = step(row, watch)
        except ImportRefused as refused:
            raise Refused(str(refused)) from None
        except Stopped:
            if row.job == Job.IMPORT and watch.stop == self.cancelled:
                steps.relate(row)
            raise
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


ENGINE = Engine()
