"""The page of a season, where its steward sees where it stands and takes the next step; and the same for one category."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.admin.steps import offers, take_posted, trail_of
from surveys import phases, seasons
from surveys.admin import steps
from surveys.admin.actions import by, draft_article_from
from surveys.models import AwardCategory, Season


def address(season: Season) -> str:
    """Where a season's page is."""
    return reverse("admin:surveys_season_overview", args=[season.pk])


def season_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Where a season stands, what comes next and what is missing, its categories and what was done."""
    season = get_object_or_404(Season, pk=pk)
    if not desk.has_view_permission(request, season):
        raise PermissionDenied
    lines = _categories(season)
    context: dict[str, Any] = {"title": season.title, "season": season, "phases": phases.phases_of(season)}
    context |= {"may_change": desk.has_change_permission(request, season), "categories": lines}
    context |= offers(request, season, steps.next_of(season), steps.others_of(season))
    context["has_results"] = season.is_public and season.categories.released().exists()
    context["new"] = sum(line["new"] for line in lines)
    context["may_copy"] = desk.has_add_permission(request)
    context["trail"] = trail_of(season, *season.categories.all())
    return render(request, "admin/surveys/overview.html", _frame(desk, request, context))


def season_step(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Take the step that the season's page offered."""
    season = get_object_or_404(Season, pk=pk)
    if not desk.has_change_permission(request, season):
        raise PermissionDenied
    found = [step for step in (steps.next_of(season), *steps.others_of(season)) if step]
    take_posted(request, season, found)
    return HttpResponseRedirect(address(season))


def copy_season(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new season with this one's categories and rules, and go to it."""
    season = get_object_or_404(Season, pk=pk)
    if not (desk.has_add_permission(request) and desk.has_view_permission(request, season)):
        raise PermissionDenied
    made = seasons.copy(season, by=by(request))
    messages.success(request, f"“{made}” is a draft with the categories and rules of “{season}”. It has no times yet.")
    return HttpResponseRedirect(address(made))


def draft_article(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an article from the released results, and go to it."""
    season = get_object_or_404(Season, pk=pk)
    if not desk.has_change_permission(request, season):
        raise PermissionDenied
    released = list(season.categories.released().select_related("season"))
    return draft_article_from(request, released) or HttpResponseRedirect(address(season))


def category_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The step by which a category goes ahead of the others; it is taken on POST."""
    category = get_object_or_404(AwardCategory.objects.select_related("season"), pk=pk)
    if not desk.has_change_permission(request, category):
        raise PermissionDenied
    step = steps.next_of_category(category)
    if request.method == "POST":
        take_posted(request, category, [step] if step else [])
        return HttpResponseRedirect(address(category.season))
    context = {"title": f"“{category}” by itself", "category": category, "season": category.season, "may_change": True}
    context |= offers(request, category, step, [])
    return render(request, "admin/surveys/category_step.html", _frame(desk, request, context))


def _frame(desk: ModelAdmin, request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return desk.admin_site.each_context(request) | {"opts": desk.opts} | context


def _categories(season: Season) -> list[dict[str, Any]]:
    """What the page says of each category. Nothing of what was chosen."""
    found = season.categories.select_related("tally").prefetch_related("nominees", "nominations")
    lines = []
    for category in found:
        category.season = season
        nominees = [each for each in category.nominees.all() if not each.withdrawn_at]
        new = sum(each.state == "new" and each.same_as_id is None for each in category.nominations.all())
        lines.append(
            {
                "category": category,
                "method": category.get_method_display().partition(":")[0],
                "nominees": len(nominees),
                "new": new,
                "stand": _stand(category),
                "step": steps.next_of_category(category),
            }
        )
    return lines


def _stand(category: AwardCategory) -> str:
    if category.is_released:
        return "released"
    if hasattr(category, "tally"):
        return "counted, not released"
    if category.closed_at:
        return "closed, not counted"
    return "open for voting" if category.is_taking_ballots else "not open yet"
