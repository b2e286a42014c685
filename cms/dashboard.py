"""The newsroom's start page: what this person needs now, above all that they may open."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from core.lib import dashboard


def start_page(request: HttpRequest) -> HttpResponse:
    """Django's own start page with the widgets that each part of the newsroom registered."""
    return admin.site.index(request, {"widgets": dashboard.shown_to(request.user)})
