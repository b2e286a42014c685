"""A juror's ballot: in the look of the site, behind the sign-in of the newsroom."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.models import User
from core.transitions import TransitionRefused
from surveys import ballots, jury, keys, recusals
from surveys.forms import BallotForm
from surveys.models import AwardCategory, Juror, Season


def page(_desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the ballot; on POST take it, or a recusal."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("surveys.judge_season"):
        raise PermissionDenied
    season = get_object_or_404(Season, pk=pk)
    juror = jury.seat(season, user)
    if juror is None:
        raise PermissionDenied
    if request.method == "POST" and "recuse" in request.POST:
        return _recuse(request, juror, user)
    categories = list(season.categories.filter(jury_weight__isnull=False).prefetch_related("nominees"))
    for category in categories:
        category.season = season
    is_open = season.is_taking_ballots
    recused = (
        recusals.recuse_where_in_conflict(juror)
        if request.method == "POST" and is_open
        else dict(juror.recusals.values_list("category", "reason"))
    )
    known = {
        category.pk: recused.get(category.pk) or " ".join(recusals.conflicts(juror, category))
        for category in categories
    }
    mine = [category for category in categories if category.is_taking_ballots and not known[category.pk]]
    form = BallotForm(season, mine, request.POST if request.method == "POST" else None)
    if request.method == "POST" and mine and form.is_valid():
        try:
            return _cast(request, jury.cast(juror, form.choices, by=user))
        except (TransitionRefused, ballots.NotOpen) as refusal:
            form.add_error(None, str(refusal) or "Voting is closed.")
    context = {"season": season, "juror": juror, "form": form, "is_open": is_open, "mine": mine}
    context |= {"recused": [(each, known[each.pk]) for each in categories if known[each.pk]]}
    context |= {"voted": [each for each in mine if each.pk in jury.voted_in(juror)]}
    return render(request, "surveys/jury.html", context, status=400 if form.errors else 200)


def _recuse(request: HttpRequest, juror: Juror, user: User) -> HttpResponse:
    category = get_object_or_404(AwardCategory, season=juror.season_id, slug=request.POST["recuse"])
    try:
        recusals.recuse(juror, category, reason=request.POST.get(f"reason-{category.slug}", ""), by=user)
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"You take no part in “{category}”. The result will say so, with your reason.")
    return HttpResponseRedirect(reverse("admin:surveys_season_jury", args=[juror.season_id]))


def _cast(request: HttpRequest, casting: ballots.Casting) -> HttpResponse:
    context: dict[str, Any] = {"casting": casting, "season": casting.season, "key": keys.public_key()}
    return render(request, "surveys/jury_cast.html", context)
