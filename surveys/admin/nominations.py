"""Nominations that readers sent in, to be shortlisted or declined."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.lib.admin_lists import DeskAdmin
from surveys import seasons
from surveys.admin.actions import by, do_each
from surveys.models import Nomination


@admin.register(Nomination)
class NominationAdmin(DeskAdmin):
    list_display = ("name", "category", "state", "url", "created_at")
    list_filter = ("state", "category__season")
    list_select_related = ("category",)
    search_fields = ("name",)
    readonly_fields = ("category", "name", "url", "reason", "state", "created_at")
    actions = ("shortlist", "decline")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Shortlist: make it a nominee", permissions=["change"])
    def shortlist(self, request: HttpRequest, queryset: QuerySet[Nomination]) -> None:
        rows = queryset.select_related("category__season").order_by("id")
        do_each(request, rows, lambda row: seasons.shortlist(row, by=by(request)), "is a nominee.")

    @admin.action(description="Decline", permissions=["change"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Nomination]) -> None:
        rows = queryset.select_related("category").order_by("id")
        do_each(request, rows, lambda row: seasons.decline(row, by=by(request)), "declined.")
