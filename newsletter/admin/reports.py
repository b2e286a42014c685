"""Bounces and complaints in the admin: what came back, what was ignored, and the rule of temporary failures."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.bases import OneRowAdmin
from core.admin.shared_editing import SharedEditing
from core.lib.admin_lists import DeskAdmin, linked
from newsletter.models import BounceRule, IgnoredReports, MailReport

Kind = MailReport.Kind


@admin.register(MailReport)
class MailReportAdmin(DeskAdmin):
    nothing_yet = "Mails that come back, and complaints, are listed here."
    list_display = ("briefing", "recipient", "kind", "code", "followed", "received_at")
    list_display_links = None
    list_filter = ("kind",)
    list_select_related = ("delivery__briefing__newsletter", "delivery__subscriber")
    fields = readonly_fields = list_display
    search_fields = ("delivery__subscriber__canonical",)
    search_help_text = "A whole e-mail address."
    sortable_by = ()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By one recipient: a part of an address would be looked for in all."""
        if search_term:
            queryset = queryset.filter(delivery__subscriber__canonical=search_term.strip().lower())
        return queryset, False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What the rule says is asked for once."""
        changelist = super().get_changelist_instance(request)
        rows, rule = list(changelist.result_list), BounceRule.current()
        for row in rows:
            row.rule = rule
        changelist.result_list = rows
        return changelist

    @admin.display(description="Briefing")
    def briefing(self, report: MailReport) -> str:
        return linked(report.delivery.briefing)

    @admin.display(description="Recipient")
    def recipient(self, report: MailReport) -> str:
        who = report.delivery.subscriber
        return linked(who) if who else "erased"

    @admin.display(description="What followed")
    def followed(self, report: Any) -> str:
        who, rule = report.delivery.subscriber, getattr(report, "rule", None) or BounceRule.current()
        ends = report.kind in (Kind.GONE, Kind.COMPLAINT)
        if who and ends and not who.suppressed:
            return "No mail went there until staff lifted that, or the address was changed."
        if ends or (who and who.suppressed):
            return "No mail goes there any more."
        if report.kind == Kind.REFUSED:
            return "Nothing: it is about our server or the message, not the address."
        return f"It counts: after {rule.times} such briefings in {rule.within_days} days no mail goes there."


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
