"""Staff move a booking's days, or swap one with another booking's, and say why."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from core.lib import clock
from core.lib.forms import LineField
from core.models import User
from core.transitions import TransitionRefused
from sponsors import moves
from sponsors.admin.booking_page import address, frame, may_decide, row_of
from sponsors.claims import LIVE
from sponsors.forms import DaysForm
from sponsors.models import Booking, Claim


class StaffDaysForm(DaysForm):
    """Moves days as the sponsor's form does, after the cut-off too, with a reason."""

    reason = LineField(max_length=300, label="Why, in words for the sponsor")


class SwapForm(forms.Form):
    """A day of a booking, and a day of another one in the same kind of place."""

    mine = forms.ModelChoiceField(Claim.objects.none(), label="This day")
    theirs = forms.ModelChoiceField(Claim.objects.none(), label="For this one")
    reason = LineField(max_length=300, label="Why, in words for both sponsors")

    def __init__(self, *args: Any, row: Booking, **kwargs: Any):
        super().__init__(*args, **{"auto_id": "swap_%s"} | kwargs)
        places = moves.movable(row, is_staff=True)
        kinds = {claim.unit.kind_id for claim in places}
        others = Claim.objects.filter(state__in=LIVE, unit__kind__in=kinds, unit__date__gt=clock.utc_day())
        named = Claim.objects.select_related("unit__kind", "booking")
        self.fields["mine"].queryset = named.filter(pk__in=[claim.pk for claim in places])  # type: ignore[attr-defined]
        self.fields["theirs"].queryset = named.filter(pk__in=others.exclude(booking=row))  # type: ignore[attr-defined]


def move_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks for the new days, POST moves them; the swap beside it has an address of its own."""
    row = row_of(pk)
    if not may_decide(request):
        raise PermissionDenied
    form = StaffDaysForm(request.POST if request.method == "POST" else None, row=row, is_staff=True)
    if form.is_valid():
        try:
            moves.move(row, form.wanted(), by=cast(User, request.user), reason=form.cleaned_data["reason"])
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The days are moved, and the sponsor is told.")
            return redirect(address(row))
    context = {"title": f"Move days of {row.name}", "row": row, "form": form, "swap": SwapForm(row=row)}
    return render(request, "admin/sponsors/booking/move.html", frame(desk, request, context))


def swap_day(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Swap a day with another booking's."""
    row = row_of(pk)
    if not may_decide(request):
        raise PermissionDenied
    form = SwapForm(request.POST, row=row)
    if not form.is_valid():
        messages.error(request, "Choose a day of each booking, both still ahead, and say why.")
        return redirect("admin:sponsors_booking_move", row.pk)
    days = form.cleaned_data
    try:
        moves.swap(days["mine"], days["theirs"], by=cast(User, request.user), reason=days["reason"])
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The days are swapped, and both sponsors are told.")
    return redirect(address(row))
