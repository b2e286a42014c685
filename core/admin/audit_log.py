"""The audit log, read-only."""

from django.contrib import admin

from core.admin.bases import ReadOnlyAdmin
from core.lib.admin_lists import WordSearch
from core.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(WordSearch, ReadOnlyAdmin):
    list_display = ("at", "by_name", "action", "subject", "detail")
    search_fields = ("subject", "by_name")
    sortable_by = ("at",)
    fields = ("at", "by_name", "action", "subject", "detail")
