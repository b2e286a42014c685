"""Staff correct what a booking's report counts, with a reason that the sponsor reads."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from core.lib.forms import LineField
from core.models import User
from core.transitions import TransitionRefused
from sponsors import adjustments
from sponsors.admin.booking_page import address, frame, row_of
from sponsors.models import Adjustment, Booking, Claim

PERMISSION = "sponsors.add_adjustment"


class FiguresForm(forms.Form):
    """So many views or clicks of a place more, or less."""

    claim = forms.ModelChoiceField(Claim.objects.none(), label="Place", empty_label=None)
    kind = forms.ChoiceField(label="What", choices=[("click", "Clicks"), ("view", "Views")])
    number = forms.IntegerField(
        label="How many",
        min_value=-adjustments.MOST,
        max_value=adjustments.MOST,
        help_text="More are added; with a minus they are taken back: -25.",
    )
    words = LineField(max_length=200, label="Why, in words for the sponsor")
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, row: Booking, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.lines = adjustments.lines_of(row)
        claims = Claim.objects.filter(pk__in=[line.claim.pk for line in self.lines])
        self.fields["claim"].queryset = claims.select_related("unit__kind", "booking")  # type: ignore[attr-defined]
        self.fields["claim"].label_from_instance = lambda claim: str(claim.unit)  # type: ignore[attr-defined]
        self.fields["seen"].initial = adjustments.seen(row)


def figures_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows what counts and asks what is wrong with it, POST adds the correction."""
    row = row_of(pk)
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = FiguresForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_valid():
        given = dict(form.cleaned_data)
        as_seen = given.pop("seen")
        try:
            made = adjustments.add(**given, by=cast(User, request.user), as_seen=as_seen)
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Corrected: {made}. It stands in the report.")
            return redirect(address(row))
    made_before = Adjustment.objects.filter(claim__booking=row).select_related("claim__unit__kind", "by")
    context = {"title": f"Correct the figures of {row.name}", "row": row, "form": form, "made": made_before}
    context["frozen"] = row.reports.first()
    return render(request, "admin/sponsors/booking/figures.html", frame(desk, request, context))
