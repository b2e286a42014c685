"""Clicks and the disclosure log, read-only."""

from django.contrib import admin

from core.admin.bases import ReadOnlyAdmin
from sponsors.models import AdEvent, DisclosureEntry


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
