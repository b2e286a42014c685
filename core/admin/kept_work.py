"""Edit pages that keep unsaved work: what waits is listed, with “Go on” and “Drop it” for each piece."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from core import kept_work
from core.kept_work import Sitting
from core.lib.admin_lists import DeskAdmin
from core.lib.text import whole_number
from core.models import KeptWork


class KeepsWork(DeskAdmin):
    """Edit pages that keep unsaved work through core.kept_work.

    The page includes admin/components/kept_work.html in its form and posts to an address that calls `kept_work.keep`;
    what it shows comes from `taken_up`, where that is not None. Saving ends with `work_was_saved`.
    """

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_drop_kept"
        drop = path("kept/<int:kept>/drop/", self.admin_site.admin_view(self.drop_view), name=name)
        return [drop, *super().get_urls()]

    def taken_up(self, request: HttpRequest, row: Model | None) -> KeptWork | None:
        """The piece of the user's work that the address names with ?kept=, if it waits on this page."""
        key = whole_number(request.GET.get("kept"))
        return self._pieces(request, row).filter(pk=key).first() if key else None

    def kept_context(self, request: HttpRequest, row: Model | None) -> dict[str, Any]:
        """What the template needs: the sitting that the page is, and the work that waits besides."""
        taken = self.taken_up(request, row)
        if request.method == "POST":
            sitting = Sitting.posted(request.POST)
        else:
            sitting = Sitting(continues=taken.sitting if taken else None)
        waiting = self._pieces(request, row).defer("content").exclude(sitting__in=[sitting.id, *_one(sitting)])
        if taken and taken.supersedes_id:
            waiting = waiting.exclude(pk=taken.supersedes_id)
        listed = list(waiting)
        every = [*listed, taken] if taken else listed
        drop = f"admin:{self.opts.app_label}_{self.opts.model_name}_drop_kept"
        return {"sitting": sitting, "waiting": listed, "taken_up": taken, "all": every, "drop": drop}

    def work_was_saved(self, request: HttpRequest, key: int | None) -> None:
        """Drop what this sitting kept on the page of a row; `key` is None where a new one was saved."""
        kept_work.saved(self.model, key, by=request.user, sitting=Sitting.posted(request.POST))

    def drop_view(self, request: HttpRequest, kept: int) -> HttpResponse:
        """Drop one piece of one's own work."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        mine = KeptWork.objects.filter(page=self.opts.label_lower, by=request.user.pk, pk=kept)
        if mine.delete()[0]:
            messages.info(request, "The unsaved work was dropped.")
        back = request.POST.get("back", "")
        if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return HttpResponseRedirect(back)

    def _pieces(self, request: HttpRequest, row: Model | None) -> Any:
        return kept_work.pieces(self.model, row.pk if row else None, by=request.user.pk)


def _one(sitting: Sitting) -> list[Any]:
    return [sitting.continues] if sitting.continues else []
