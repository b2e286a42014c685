"""The list of briefings at the desk: how far each has come, and what came of it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html

from core.lib import clock
from newsletter.models import Briefing
from newsletter.sending import briefing_report

State = Briefing.State


class BriefingList:
    """The list's part of the admin of briefings."""

    nothing_yet: ClassVar[Any] = "Begin one from the newest articles, or with an empty page."
    list_display: ClassVar[Any] = ("__str__", "state_badge", "audience", "day", "reached", "opened", "clicked")
    list_filter: ClassVar[Any] = ("state", "newsletter")
    list_select_related: ClassVar[Any] = ("newsletter", "segment")
    list_per_page: ClassVar[Any] = 50
    search_fields: ClassVar[Any] = ("subject", "slug")
    sortable_by: ClassVar[Any] = ("state_badge", "audience", "day")
    date_hierarchy: ClassVar[Any] = "issue_date"
    change_list_template: ClassVar[Any] = "admin/newsletter/briefing/change_list.html"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What came of the briefings that are shown is asked for once."""
        changelist = super().get_changelist_instance(request)  # type: ignore[misc]
        rows = changelist.result_list = list(changelist.result_list)
        totals = briefing_report.totals_of([row.pk for row in rows])
        counted = set(Briefing.every.counted().filter(pk__in=totals).values_list("pk", flat=True))
        for row in rows:
            row.totals, row.tells_of_reading = totals.get(row.pk), row.pk in counted
        return changelist

    @admin.display(description="newsletter", ordering="newsletter__name")
    def audience(self, briefing: Briefing) -> str:
        if not briefing.segment:
            return str(briefing.newsletter)
        return format_html("{}<br><small>only {}</small>", briefing.newsletter, briefing.segment)

    @admin.display(description="day", ordering="issue_date")
    def day(self, briefing: Briefing) -> str:
        return date_format(briefing.issue_date, "j M Y")

    def state_in_words(self, briefing: Briefing) -> str:
        words = str(briefing.get_state_display())
        waits = briefing.scheduled_at if briefing.state == State.APPROVED else None
        return f"{words}, {clock.in_words(waits, 'j M, H:i')}" if waits else words

    @admin.display(description="delivered")
    def reached(self, briefing: Any) -> str:
        """How many got it, as its report counts them; below, those of whom something is to be looked at."""
        if not briefing.frozen_at:
            return "–"
        totals = briefing.totals
        counts = {"failed": briefing.failed, "uncertain": briefing.uncertain, "being tried again": briefing.retrying}
        counts |= {"came back": totals.returned, "reported as spam": totals.complained} if totals else {}
        trouble = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
        delivered = f"{briefing.delivered - (totals.lost if totals else 0):,}"
        return format_html("{}<br><small>{}</small>", delivered, trouble) if trouble else delivered

    @admin.display(description="opened")
    def opened(self, briefing: Any) -> str:
        return _share(briefing, "opened")

    @admin.display(description="clicked")
    def clicked(self, briefing: Any) -> str:
        return _share(briefing, "clicked")


def _share(briefing: Any, name: str) -> str:
    """A rate as the report gives it: of those who got it, less what came back."""
    rate = briefing.totals.rate(name) if briefing.tells_of_reading else None
    return rate.percent if rate else "–"
