"""The awards' pages for readers, and the form that takes nominations. No page needs a cookie."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from core.lib.forms import client_address, no_store, refuse_cross_site
from core.lib.networks import public_network_of
from core.pagecache import public
from core.ratelimit import allow
from core.transitions import TransitionRefused
from newsletter.models import Newsletter
from surveys import contexts, payers, release
from surveys.forms import NominationForm, VoteForm
from surveys.models import AwardCategory, Season
from surveys.result_view import result_of

NOMINATIONS_PER_HOUR = 30


@require_safe
@public
def index(request: HttpRequest) -> HttpResponse:
    """All seasons: what is open first, then what was decided."""
    return render(request, "surveys/index.html", contexts.index())


@require_safe
@public
def season_show(request: HttpRequest, season: str) -> HttpResponse:
    """One season: its categories, rules and record."""
    return render(request, "surveys/season.html", contexts.season(_season(season)))


@require_safe
@public
def category_show(request: HttpRequest, season: str, category: str) -> HttpResponse:
    """One category: its nominees, its ballot while voting is open, its result once it is released."""
    found = _category(season, category)
    context: dict[str, Any] = {"season": found.season, "category": found, "result": result_of(found)}
    if context["result"]:
        context["former"] = context["result"].former
        context["looks"] = release.looks_at(found)
    if found.is_taking_ballots:
        context |= {"form": VoteForm(found.season, [found]), "newsletter": Newsletter.objects.open().default()}
    else:
        context["nominees"] = contexts.nominees(found)
    context["sponsor_notes"] = payers.notes_of(found.nominees.all())
    return render(request, "surveys/category.html", context)


@require_safe
@public
def nominee_show(request: HttpRequest, season: str, category: str, nominee: str) -> HttpResponse:
    """One nominee."""
    found = _category(season, category)
    return render(
        request, "surveys/nominee.html", contexts.nominee(get_object_or_404(found.nominees, slug=nominee), found)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@public
def nominate(request: HttpRequest, season: str) -> HttpResponse:
    """Propose a nominee."""
    found = _season(season)
    if found.state != Season.State.NOMINATING:
        status = HTTPStatus.OK if request.method != "POST" else HTTPStatus.CONFLICT
        return render(request, "surveys/nominate_closed.html", {"season": found}, status=status)
    form = NominationForm(found, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "surveys/nominate.html", {"season": found, "form": form})
    if not form.is_valid():
        page = render(request, "surveys/nominate.html", {"season": found, "form": form}, status=HTTPStatus.BAD_REQUEST)
        return no_store(page)
    return no_store(_take_nomination(request, found, form))


def _take_nomination(request: HttpRequest, season: Season, form: NominationForm) -> HttpResponse:
    network = public_network_of(client_address(request))
    if network and not allow(f"nominate|{network}", limit=NOMINATIONS_PER_HOUR, seconds=3600):
        form.add_error(None, "Many nominations came from your network. Try again in an hour.")
        context = {"season": season, "form": form}
        return render(request, "surveys/nominate.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    try:
        form.propose()
    except TransitionRefused:
        return render(request, "surveys/nominate_closed.html", {"season": season}, status=HTTPStatus.CONFLICT)
    return render(request, "surveys/nominate_thanks.html", {"season": season, "name": form.cleaned_data["name"]})


def _season(slug: str) -> Season:
    return get_object_or_404(Season.objects.public(), slug=slug)


def _category(season: str, slug: str) -> AwardCategory:
    categories = AwardCategory.objects.public().select_related("season").prefetch_related("nominees")
    return get_object_or_404(categories, season__slug=season, slug=slug)
