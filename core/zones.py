"""The zone that staff see times in: the middleware that activates it, and the page on which they choose it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from core.lib import clock
from core.models import User


@lru_cache
def _staff_pages() -> tuple[str, str]:
    """How the addresses begin of pages that only staff see: the admin's, and those of one's own account."""
    return reverse("admin:index"), reverse("account_login").removesuffix("login/")


def show_staff_their_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Activate the zone of the account while a page for staff is made.

    All other pages are kept and the same for everyone: they are in the newsroom's zone, and nobody's session is read.
    """

    def middleware(request: Any) -> HttpResponse:
        if not request.path.startswith(_staff_pages()):
            return get_response(request)
        request.zone = clock.zone_named(getattr(request.user, "time_zone", ""))
        with timezone.override(request.zone):
            return get_response(request)

    return middleware


class ZoneForm(forms.ModelForm):
    """One's own time zone."""

    time_zone = forms.ChoiceField(choices=clock.choices, required=False, label="Time zone")

    class Meta:
        model = User
        fields = ("time_zone",)


@never_cache
@login_required
def own_zone(request: HttpRequest) -> HttpResponse:
    """Choose the zone in which the newsroom's pages show and ask for times."""
    form = ZoneForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.instance.save(update_fields=["time_zone"])
        zone = clock.zone_named(form.instance.time_zone)
        messages.success(
            request, f"Times are now shown in {zone.key}, where it is {clock.in_words(timezone.now(), 'H:i', zone)}."
        )
        return HttpResponseRedirect(reverse("admin:index"))
    return render(request, "account/time_zone.html", {"form": form})
