"""The page on which a released result is counted again or corrected: it asks why, and which ballots no longer count."""

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from articles.models import Publication
from core.lib.text import one_line
from core.transitions import TransitionRefused
from surveys import corrections
from surveys.admin.actions import by
from surveys.models import AwardCategory

NAMED = 5


class CorrectionForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        help_text="Published beside the result and in the ledger, for good. Name no private matter.",
        widget=forms.TextInput({"class": "vTextField"}),
    )
    receipts = forms.CharField(
        label="Ballots that no longer count",
        required=False,
        help_text="Their receipts, one a line. Empty: the same ballots are counted again.",
        widget=forms.Textarea({"rows": 4, "class": "vLargeTextField"}),
    )
    sure = forms.BooleanField(label="I have read what it does, and it cannot be taken back.")

    def clean_reason(self) -> str:
        return one_line(self.cleaned_data["reason"])

    def clean_receipts(self) -> list[str]:
        return [line.strip().lower() for line in self.cleaned_data["receipts"].splitlines() if line.strip()]


def page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why and which ballots, and do it on POST."""
    category = get_object_or_404(AwardCategory.objects.select_related("season"), pk=pk)
    if not (desk.has_change_permission(request, category) and request.user.has_perm("surveys.release_season")):
        raise PermissionDenied
    form = CorrectionForm(request.POST or None)
    if form.is_valid():
        words = form.cleaned_data
        try:
            corrections.correct(category, reason=words["reason"], void=words["receipts"], by=by(request))
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"“{category}” is counted again. Both results and your reason are public.")
            _name_articles(request, category)
            return HttpResponseRedirect(category.get_absolute_url())
    context = {"title": "Correct a released result", "opts": desk.opts, "category": category, "form": form}
    return render(request, "admin/surveys/correction.html", desk.admin_site.each_context(request) | context)


def _name_articles(request: HttpRequest, category: AwardCategory) -> None:
    """Which published articles quote figures of a category, so that somebody looks at them."""
    quoting = Publication.objects.filter(html__contains=category.get_absolute_url())
    titles = list(quoting.values_list("title", flat=True)[:NAMED])
    if titles:
        messages.warning(request, f"Check the articles that quote it: {', '.join(titles)}.")
