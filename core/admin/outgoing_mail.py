"""The log of single messages sent by mail."""

from django.contrib import admin
from django.http import HttpRequest

from core.lib.admin_lists import DeskAdmin, IndexedValuesFilter
from core.models import OutgoingMail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(DeskAdmin):
    list_display = ("created_at", "kind", "recipient", "subject", "state", "attempts", "error")
    list_filter = ("state", ("kind", IndexedValuesFilter))
    search_fields = ("recipient__istartswith",)
    search_help_text = "The beginning of an address."
    sortable_by = ("created_at",)
    exclude = ("message",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False
