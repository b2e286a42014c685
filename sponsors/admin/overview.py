"""The sponsorship manager's day: one page of the desk."""

from typing import Any, cast

from django.contrib.admin.sites import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.models import User
from sponsors import overview
from sponsors.models import MakeGood

SHOWN = overview.SHOWN


def page(request: HttpRequest, site: AdminSite, opts: Any) -> HttpResponse:
    """What is asked for, to approve, due, sold and earned."""
    if not request.user.has_perm("sponsors.view_booking"):
        raise PermissionDenied
    waiting, late = overview.to_approve(cast(User, request.user)), overview.deadlines()
    dues = overview.dues()
    context = site.each_context(request) | {
        "title": "Ads today",
        "opts": opts,
        "pipeline": overview.pipeline(),
        "to_approve": waiting[:SHOWN],
        "more_to_approve": max(0, len(waiting) - SHOWN),
        "deadlines": late[:SHOWN],
        "more_deadlines": max(0, len(late) - SHOWN),
        "dues": dues[:SHOWN],
        "more_dues": max(0, len(dues) - SHOWN),
        "owed": MakeGood.objects.filter(state=MakeGood.State.OPEN).count(),
        "calendar": overview.calendar(),
        "figures": overview.figures(),
    }
    return render(request, "admin/sponsors/overview.html", context)
