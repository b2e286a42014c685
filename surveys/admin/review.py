"""The steward's pages on stuffing: where requests and ballots come from, and what is decided on those of one place."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode

from core.lib import charts
from core.transitions import TransitionRefused
from surveys import keys, quarantine, request_signals
from surveys.admin.actions import by
from surveys.models import Quarantine, Season
from surveys.quarantine import Place

Kind = Quarantine.Kind


class JudgeForm(forms.Form):
    """Why ballots are held, counted or void. The button says which."""

    reason = forms.CharField(
        max_length=quarantine.LONGEST_REASON,
        widget=forms.TextInput({"class": "vTextField", "list": "reasons"}),
        help_text="Published in the ledger with each ballot, for good. Name no person, address or company.",
    )


REASONS = (
    "many ballots from one place within a short time",
    "addresses of a domain that gives them out to be thrown away",
    "one mailbox under several addresses",
    "looked into: the members of one organisation",
)


def requests_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Where requests and ballots come from, which says nothing of whom they are for."""
    season = _season(request, pk)
    try:
        found = quarantine.places(season)
    except keys.PepperMissing:
        found = []
    hours = request_signals.by_hour(season)
    context: dict[str, Any] = {"title": "Requests for ballots", "opts": desk.opts, "season": season}
    context |= {"report": request_signals.report(season), "least": request_signals.LEAST_SHOWN}
    for name, kinds in (
        ("domains", [Kind.DOMAIN]),
        ("networks", [Kind.NETWORK]),
        ("others", [Kind.MAILBOXES, Kind.RECEIPT]),
    ):
        context[name] = [_line(season, each) for each in found if each.kind in kinds]
    if any(number for _, number in hours):
        context["chart"] = charts.line_chart([(f"{hour:%a %-H} h", number) for hour, number in hours])
    context["may_judge"] = _may_judge(request)
    return render(request, "admin/surveys/requests.html", desk.admin_site.each_context(request) | context)


def judge_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of one place, with the decisions that can be taken; POST takes one."""
    season = _season(request, pk)
    if not _may_judge(request):
        raise PermissionDenied
    back = reverse("admin:surveys_season_requests", args=[pk])
    try:
        place = quarantine.place(season, request.GET.get("kind", ""), request.GET.get("of", "").strip())
    except (TransitionRefused, keys.PepperMissing) as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)
    form = JudgeForm(request.POST or None)
    if form.is_valid():
        try:
            messages.success(request, _decide(request, season, place, form.cleaned_data["reason"]))
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return HttpResponseRedirect(back)
    context = {"title": "Decide on ballots", "opts": desk.opts, "season": season, "place": place, "form": form}
    context |= {"reasons": REASONS, "back": back}
    return render(request, "admin/surveys/judge.html", desk.admin_site.each_context(request) | context)


def _decide(request: HttpRequest, season: Season, place: Place, reason: str) -> str:
    """Take the decision whose button was pressed, and say what came of it. Raises TransitionRefused."""
    if "hold" in request.POST:
        number = quarantine.hold(season, place, reason=reason, by=by(request))
        return f"{_ballots(number)} held for review, and what comes from there from now on."
    if place.quarantine is None:
        raise TransitionRefused("Hold the ballots of this place first.")
    if "void" in request.POST:
        number = quarantine.void(place.quarantine, reason=reason, by=by(request))
        return f"{_ballots(number)} void. What comes from there is held on."
    if "count" in request.POST:
        number = quarantine.count(place.quarantine, reason=reason, by=by(request))
        return f"{_ballots(number)} counted after all, and nothing more is held from there."
    raise TransitionRefused("Choose what to do.")


def _ballots(number: int) -> str:
    return f"{number} ballot{' is' if number == 1 else 's are'}"


def _line(season: Season, place: Place) -> dict[str, Any]:
    query = urlencode({"kind": place.kind, "of": place.name})
    return {"place": place, "url": f"{reverse('admin:surveys_season_judge', args=[season.pk])}?{query}"}


def _season(request: HttpRequest, pk: int) -> Season:
    if not request.user.has_perm("surveys.view_ballot"):
        raise PermissionDenied
    return get_object_or_404(Season, pk=pk)


def _may_judge(request: HttpRequest) -> bool:
    return request.user.has_perm("surveys.change_season")
