"""Bounces and complaints in the admin: what came back, what was ignored, and the rule of temporary failures."""

from django.contrib import admin

from core.admin.bases import OneRowAdmin
from core.admin.shared_editing import SharedEditing
from core.lib.admin_lists import DeskAdmin
from newsletter.models import BounceRule, IgnoredReports, MailReport


@admin.register(MailReport)
class MailReportAdmin(DeskAdmin):
    nothing_yet = "Mails that come back, and complaints, are listed here."
    list_display = ("briefing", "recipient", "kind", "code", "received_at")
    list_filter = ("kind",)
    list_select_related = ("delivery__briefing__newsletter", "delivery__subscriber")
    fields = readonly_fields = list_display
    sortable_by = ()

    @admin.display(description="Briefing")
    def briefing(self, report: MailReport) -> str:
        return str(report.delivery.briefing)

    @admin.display(description="Recipient")
    def recipient(self, report: MailReport) -> str:
        return str(report.delivery.subscriber or "erased")


@admin.register(IgnoredReports)
class IgnoredReportsAdmin(DeskAdmin):
    nothing_yet = "What comes to the bounce address and changes nothing is counted here."
    list_display = ("day", "reason", "number")
    list_filter = ("reason",)
    fields = readonly_fields = list_display
    sortable_by = ()


@admin.register(BounceRule)
class BounceRuleAdmin(OneRowAdmin, SharedEditing):
    list_display = ("times", "within_days")
    sortable_by = ()
