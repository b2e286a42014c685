"""Results to take away: as files, as pictures, as a winner's badge; and what nominees need to ask for votes."""

import csv
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core.pagecache import public
from surveys import promotion, turnout
from surveys.models import AwardCategory, Season
from surveys.pictures import SIZES
from surveys.result_files import document_of, lines_of
from surveys.result_view import Result, result_of


@require_safe
@public
def result_csv(_request: HttpRequest, season: str, category: str) -> HttpResponse:
    """A released result with its rounds and pairs, a line for each figure."""
    found = _result(season, category)
    return _csv(f"{season}-{category}-result.csv", lines_of(found))


@require_safe
@public
def result_json(_request: HttpRequest, season: str, category: str) -> HttpResponse:
    """The same for programs."""
    return JsonResponse(document_of(_result(season, category)), json_dumps_params={"ensure_ascii": False})


@require_safe
@public
def turnout_csv(_request: HttpRequest, season: str) -> HttpResponse:
    """Ballots by the day on which they were sealed, once a result is released."""
    found = get_object_or_404(Season.objects.public(), slug=season)
    if not found.categories.released().exists():
        raise Http404("The turnout is shown with the results.")
    days = [[day.isoformat(), number] for day, number in turnout.by_day(found)]
    return _csv(f"{season}-turnout.csv", [["day", "ballots"], *days])


@require_safe
@public
def nominee_card(_request: HttpRequest, season: str, category: str, nominee: str, size: str) -> HttpResponse:
    """A nominee's picture, as social sites and the nominee's own show it."""
    if size not in SIZES:
        raise Http404("There is no picture of this size.")
    return HttpResponse(promotion.card(_standing(season, category, nominee), size), content_type="image/png")


@require_safe
@public
def kit(request: HttpRequest, season: str, category: str, nominee: str) -> HttpResponse:
    """What a nominee can put on their own pages to ask for votes."""
    standing = _standing(season, category, nominee)
    if not standing.can_be_voted_for:
        raise Http404("The vote is over.")
    return render(request, "surveys/kit.html", promotion.kit(standing))


@require_safe
@public
def badge(request: HttpRequest, season: str, category: str, nominee: str) -> HttpResponse:
    """A winner's badge and its proof."""
    return render(request, "surveys/badge.html", promotion.badge_page(_winner(season, category, nominee)))


@require_safe
@public
def badge_svg(_request: HttpRequest, season: str, category: str, nominee: str) -> HttpResponse:
    """The badge, to be scaled."""
    return HttpResponse(promotion.badge_svg(_winner(season, category, nominee)), content_type="image/svg+xml")


@require_safe
@public
def badge_png(_request: HttpRequest, season: str, category: str, nominee: str) -> HttpResponse:
    """The badge in dots."""
    return HttpResponse(promotion.badge_png(_winner(season, category, nominee)), content_type="image/png")


def _category(season: str, slug: str) -> AwardCategory:
    categories = AwardCategory.objects.public().select_related("season").prefetch_related("nominees")
    return get_object_or_404(categories, season__slug=season, slug=slug)


def _result(season: str, slug: str) -> Result:
    result = result_of(_category(season, slug))
    if result is None:
        raise Http404("The result is not released yet.")
    return result


def _standing(season: str, category: str, nominee: str) -> promotion.Standing:
    found = _category(season, category)
    return promotion.standing_of(get_object_or_404(found.nominees, slug=nominee), found)


def _winner(season: str, category: str, nominee: str) -> promotion.Standing:
    standing = _standing(season, category, nominee)
    if not standing.is_winner:
        raise Http404("Only winners have a badge, once the result is released.")
    return standing


def _csv(name: str, lines: list[list[Any]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows(lines)
    return response
