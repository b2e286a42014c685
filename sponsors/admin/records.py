"""Clicks and the disclosure log: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from sponsors.models import AdEvent, DisclosureEntry


class ReadOnlyAdmin(admin.ModelAdmin):
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AdEvent)
class AdEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "claim", "reason", "ip_prefix")
    list_filter = ("reason",)
    list_select_related = ("claim__unit__kind", "claim__booking")
    ordering = ("-id",)


@admin.register(DisclosureEntry)
class DisclosureEntryAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "sponsor_name", "tier", "at")
    search_fields = ("sponsor_name",)
