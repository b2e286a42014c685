"""Nominations: a list to search, and a season's page on which they are merged, shortlisted and declined."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.admin.bases import ReadOnlyAdmin
from core.lib.text import one_line, whole_number
from core.transitions import TransitionRefused
from surveys import nominations
from surveys.admin.actions import by, do_each
from surveys.models import AwardCategory, Nomination, Season

SHOWN = 200  # heads of a category


@admin.register(Nomination)
class NominationAdmin(ReadOnlyAdmin):
    """What readers sent in, to be found again. It is decided on the season's page of nominations."""

    nothing_yet = "What the community nominates is listed here once nominations are open."
    list_display = ("name", "category", "state_badge", "url", "same_as", "created_at")
    list_filter = ("state", "category__season")
    list_select_related = ("category", "same_as")
    search_fields = ("name",)
    fields = ("category", "name", "url", "reason", "state", "same_as", "decline_reason", "created_at")


def page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """A season's nominations by category, the most named first; what is pressed is done on POST."""
    season = get_object_or_404(Season, pk=pk)
    if not request.user.has_perm("surveys.change_nomination"):
        raise PermissionDenied
    if request.method == "POST":
        category = get_object_or_404(season.categories, pk=whole_number(request.POST.get("category", "")) or 0)
        _do(request, category)
        return HttpResponseRedirect(f"{address(season)}#category-{category.pk}")
    context = {"title": "Nominations", "opts": desk.opts, "season": season, "shown": SHOWN}
    context["categories"] = [_category(each) for each in season.categories.all()]
    return render(request, "admin/surveys/nominations.html", desk.admin_site.each_context(request) | context)


def address(season: Season) -> str:
    return reverse("admin:surveys_season_nominations", args=[season.pk])


def _category(category: AwardCategory) -> dict[str, Any]:
    heads = list(nominations.heads_of(category).prefetch_related("others"))
    waiting = [head for head in heads if head.state != Nomination.State.DECLINED]
    return {
        "category": category,
        "waiting": waiting[:SHOWN],
        "more": max(len(waiting) - SHOWN, 0),
        "declined": [head for head in heads if head.state == Nomination.State.DECLINED][:SHOWN],
        "alike": [
            group for group in nominations.alike(waiting) if any(each.state == Nomination.State.NEW for each in group)
        ],
    }


def _do(request: HttpRequest, category: AwardCategory) -> None:
    picked = [number for key in request.POST.getlist("pick") if (number := whole_number(key))]
    rows = list(category.nominations.filter(pk__in=picked).select_related("category__season").order_by("pk"))
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None or not rows:
        messages.error(request, "Tick the nominations that you mean first.")
        return
    act(request, rows)


def _merge(request: HttpRequest, rows: list[Nomination]) -> None:
    keep = whole_number(request.POST.get("keep", "")) or 0
    into = next((each for each in rows if each.pk == keep), None)
    into = into or max(rows, key=lambda each: (each.others.count(), -each.pk))
    try:
        joined = nominations.merge(rows, into=into, by=by(request))
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"“{into}” stands for {joined} more now.")


def _shortlist(request: HttpRequest, rows: list[Nomination]) -> None:
    do_each(request, rows, lambda row: nominations.shortlist(row, by=by(request)), "is a nominee.")


def _decline(request: HttpRequest, rows: list[Nomination]) -> None:
    reason = one_line(request.POST.get("reason", ""))
    if not reason or len(reason) > 300:
        messages.error(request, "Say why in at most 300 characters: whoever asks later should be able to read it.")
        return
    do_each(request, rows, lambda row: nominations.decline(row, reason=reason, by=by(request)), "declined.")


def _separate(request: HttpRequest, rows: list[Nomination]) -> None:
    do_each(request, rows, lambda row: nominations.separate(row, by=by(request)), "stands by itself again.")


_ACTS: dict[str, Callable[[HttpRequest, list[Nomination]], None]] = {
    "merge": _merge, "shortlist": _shortlist, "decline": _decline, "separate": _separate,
}  # fmt: skip
