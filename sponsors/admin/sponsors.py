"""Sponsors: the list, what staff change of them, and a page of each with all its bookings and what was noted of it."""

from collections import defaultdict
from decimal import Decimal
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from core.admin.bases import ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib.admin_lists import ClosedChangeList
from core.lib.forms import ProseField
from core.lib.text import whole_number
from core.models import User
from core.transitions import TransitionRefused
from sponsors import flag_searches, members
from sponsors.models import Booking, Sponsor, SponsorNote
from sponsors.models.catalogue import money


class NoteForm(forms.Form):
    """A note on a sponsor."""

    text = ProseField(max_length=2000, label="Note", widget=forms.Textarea({"rows": 3}))


class MemberForm(forms.Form):
    """Somebody who is to have an account at a sponsor."""

    email = forms.EmailField()


class SponsorList(ClosedChangeList):
    """The list leads to each sponsor's own page."""

    def url_for_result(self, result: Any) -> str:
        return address(result)


@admin.register(Sponsor)
class SponsorAdmin(SharedEditing, ShownToReadersAdmin):
    list_display = ("name", "category", "contact_email", "website")
    list_filter = ("category",)
    search_fields = ("name", "aliases", "contact_email")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and {"name", "aliases", "website"} & set(form.changed_data):
            flag_searches.ask(f"{form.instance} goes by other names")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ClosedChangeList]:
        return SponsorList

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(partial(_page, self)))
        return [path("<int:pk>/overview/", view, name="sponsors_sponsor_overview"), *super().get_urls()]

    def response_post_save_change(self, request: HttpRequest, obj: Sponsor) -> HttpResponseRedirect:
        return HttpResponseRedirect(address(obj))


def address(sponsor: Sponsor) -> str:
    """Where a sponsor's page is."""
    return reverse("admin:sponsors_sponsor_overview", args=[sponsor.pk])


def _page(desk: SponsorAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """All bookings of a sponsor, and what was noted of it; POST adds a note."""
    sponsor = get_object_or_404(Sponsor, pk=pk)
    if not desk.has_view_permission(request, sponsor):
        raise PermissionDenied
    may_change = desk.has_change_permission(request, sponsor)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    if request.method == "POST" and {"add", "remove"} & request.POST.keys():
        _members(request, sponsor)
        return redirect(address(sponsor))
    form = NoteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        SponsorNote.objects.create(sponsor=sponsor, text=form.cleaned_data["text"], by=cast(User, request.user))
        messages.success(request, "The note is kept.")
        return redirect(address(sponsor))
    bookings = list(Booking.objects.filter(sponsor=sponsor).with_first_day().order_by("-requested_at"))
    context = desk.admin_site.each_context(request) | {"opts": desk.opts, "title": sponsor.name, "sponsor": sponsor}
    context |= {"bookings": bookings, "sums": _sums(bookings), "form": form, "may_change": may_change}
    context["members"] = sponsor.members.select_related("user")
    context["notes"] = sponsor.notes.select_related("by")
    return render(request, "admin/sponsors/sponsor/overview.html", context)


def _members(request: HttpRequest, sponsor: Sponsor) -> None:
    """Give somebody an account at a sponsor, or take it."""
    by = cast(User, request.user)
    if "remove" in request.POST:
        member = get_object_or_404(sponsor.members, pk=whole_number(request.POST["remove"]) or 0)
        members.remove(member, by=by)
        messages.success(request, f"{member.user} no longer sees bookings of {sponsor}.")
        return
    form = MemberForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Write an e-mail address such as ana@example.com.")
        return
    try:
        members.add(sponsor, email=form.cleaned_data["email"], by=by)
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{form.cleaned_data['email']} gets a mail to choose a password.")


def _sums(bookings: list[Booking]) -> list[str]:
    """What was sold to it, by currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in bookings:
        if row.state == Booking.State.CONFIRMED:
            sums[row.currency] += row.price
    return [money(amount, currency) for currency, amount in sorted(sums.items())]
