"""The page on which the steward chooses a season's shortlist and brings it into an order."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.lib.text import one_line, whole_number
from core.transitions import TransitionRefused
from surveys import nominations
from surveys.admin.actions import by
from surveys.models import AwardCategory, Nomination, Season

OFFERED = 20  # nominations that are not on the shortlist, the most named first
LAST = 9999


class NameForm(forms.Form):
    """Somebody whom the newsroom names itself."""

    name = forms.CharField(max_length=120, required=False)

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])


def page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The shortlist of each category in its order, and who could be on it; saved by category on POST."""
    season = get_object_or_404(Season, pk=pk)
    if not request.user.has_perm("surveys.change_nominee"):
        raise PermissionDenied
    if request.method == "POST":
        category = get_object_or_404(season.categories, pk=whole_number(request.POST.get("category", "")) or 0)
        _save(request, category)
        return HttpResponseRedirect(f"{address(season)}#category-{category.pk}")
    context = {"title": "Shortlist", "opts": desk.opts, "season": season}
    context["categories"] = [_category(each) for each in season.categories.prefetch_related("nominees")]
    return render(request, "admin/surveys/shortlist.html", desk.admin_site.each_context(request) | context)


def address(season: Season) -> str:
    return reverse("admin:surveys_season_shortlist", args=[season.pk])


def _category(category: AwardCategory) -> dict[str, Any]:
    heads: list[Any] = list(nominations.heads_of(category).exclude(state=Nomination.State.DECLINED))
    numbers: dict[int | None, int] = {}
    for head in heads:
        numbers[head.nominee_id] = numbers.get(head.nominee_id, 0) + head.number
    nominees = list(category.nominees.all())
    return {
        "category": category,
        "rows": [{"nominee": each, "number": numbers.get(each.pk, 0)} for each in nominees],
        "shown": ",".join(str(each.pk) for each in nominees),
        "offered": [head for head in heads if head.state == Nomination.State.NEW][:OFFERED],
    }


def _save(request: HttpRequest, category: AwardCategory) -> None:
    """Take on who was ticked or typed, then bring all into the order."""
    form = NameForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A name has at most 120 characters. Nothing was saved.")
        return
    chosen = [number for key in request.POST.getlist("add") if (number := whole_number(key))]
    kept = _in_order(request.POST)
    try:
        for nomination in category.nominations.filter(pk__in=chosen).select_related("category__season").order_by("pk"):
            kept.append(nominations.shortlist(nomination, by=by(request)).pk)
        if name := form.cleaned_data["name"]:
            kept.append(nominations.name_nominee(category, name, by=by(request)).pk)
        shown = [number for key in request.POST.get("shown", "").split(",") if (number := whole_number(key))]
        nominations.arrange(category, kept, shown=shown, by=by(request))
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"The shortlist of “{category}” is saved.")


def _in_order(data: Any) -> list[int]:
    """The nominees as they were numbered, without those to be removed."""
    keys = [whole_number(key) for key in data.getlist("nominee")]
    places = [whole_number(place, most=LAST) for place in data.getlist("nominee-place")]
    places += [LAST] * len(keys)
    gone = {whole_number(key) for key in data.getlist("nominee-remove")}
    pairs = sorted(zip(places, keys, strict=False), key=lambda pair: LAST if pair[0] is None else pair[0])
    return [key for _, key in pairs if key and key not in gone]
