"""The published results of surveys: a page, files, a picture for social sites."""

import csv

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.pagecache import public
from surveys import pictures
from surveys.questionnaires.result_files import document_of, lines_of
from surveys.questionnaires.results import SELF_SELECTED, Results, published


@require_safe
@public
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """What readers answered."""
    found = _published(slug)
    context = {"survey": found.survey, "results": found, "sample": SELF_SELECTED, "site_url": settings.SITE_URL}
    return render(request, "surveys/questionnaire/results.html", context)


@require_safe
@public
def as_json(_request: HttpRequest, slug: str) -> HttpResponse:
    """The figures of the page, for programs."""
    return JsonResponse(document_of(_published(slug)), json_dumps_params={"ensure_ascii": False})


@require_safe
@public
def as_csv(_request: HttpRequest, slug: str) -> HttpResponse:
    """The same, a line for each figure."""
    found = _published(slug)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-results.csv"'
    csv.writer(response).writerows(lines_of(found))
    return response


@require_safe
@public
def card(_request: HttpRequest, slug: str) -> HttpResponse:
    """The picture of the results' page on social sites."""
    found = _published(slug)
    about = f"{found.responses:,} answers"
    made = pictures.titled(
        found.survey.title, lead="What you answered", about=about, site=settings.SITE_URL.split("//")[-1]
    )
    return HttpResponse(made, content_type="image/png")


def _published(slug: str) -> Results:
    found = published(slug)
    if found is None:
        raise Http404("No results of this survey are published.")
    return found
