"""The newsroom's start page: what this person needs now, above all that they may open."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from cms.lib import panels


def start_page(request: HttpRequest) -> HttpResponse:
    """Django's own start page with the panels that each part of the newsroom registered."""
    return admin.site.index(request, {"panels": panels.shown_to(request.user)})
