"""The page on which the steward enters that a nominee withdraws: it asks for the reason, and says what follows."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.lib.text import one_line
from core.transitions import TransitionRefused
from surveys import papers
from surveys.models import AwardCategory, Nominee


class WithdrawalForm(forms.Form):
    nominee = forms.ModelChoiceField(Nominee.objects.none(), empty_label="Choose a nominee")
    reason = forms.CharField(
        max_length=200,
        help_text="Published in the ledger, for good. Name no private matter.",
        widget=forms.TextInput({"class": "vTextField"}),
    )

    def __init__(self, category: AwardCategory, *args: Any) -> None:
        super().__init__(*args)
        self.fields["nominee"].queryset = category.nominees.filter(withdrawn_at=None)  # type: ignore[attr-defined]

    def clean_reason(self) -> str:
        return one_line(self.cleaned_data["reason"])


def page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask which nominee and why, and enter it on POST."""
    category = get_object_or_404(AwardCategory.objects.select_related("season"), pk=pk)
    if not desk.has_change_permission(request, category):
        raise PermissionDenied
    form = WithdrawalForm(category, request.POST or None)
    if form.is_valid():
        try:
            papers.withdraw(form.cleaned_data["nominee"], reason=form.cleaned_data["reason"], by=request.user)
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"“{form.cleaned_data['nominee']}” has withdrawn. The ledger says so.")
            return HttpResponseRedirect(reverse("admin:surveys_awardcategory_change", args=[pk]))
    context = {"title": "A nominee withdraws", "opts": desk.opts, "category": category, "form": form}
    context["effect"] = papers.EFFECT
    return render(request, "admin/surveys/withdrawal.html", desk.admin_site.each_context(request) | context)
