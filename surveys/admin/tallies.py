"""Tallies with their rows, read-only. Looks at one before its release are logged."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core.admin.bases import ReadOnlyAdmin
from surveys import release
from surveys.models import Season, Tally, TallyRow


class TallyRowInline(admin.TabularInline):
    model = TallyRow
    fields = ("rank", "name", "count", "is_winner")
    extra = 0


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    """Before the release only a tally's own page shows the result, and each look at it is logged and later published."""

    nothing_yet = "Categories are counted once their vote has closed."
    list_display = ("category", "season", "counted", "winners", "made_at", "released")
    list_filter = ("category__season",)
    list_select_related = ("category__season",)
    fields = ("category", "method", "rules_version", "ballots", "base", "reconciled", "made_at", "made_by")
    inlines = [TallyRowInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tally]:
        return super().get_queryset(request).prefetch_related("rows")

    @admin.display(ordering="category__season")
    def season(self, tally: Tally) -> Season:
        return tally.category.season

    @admin.display(description="ballots")
    def counted(self, tally: Tally) -> str:
        return f"{tally.ballots:,}" if tally.category.is_released else "not released"

    @admin.display
    def winners(self, tally: Tally) -> str:
        winners = [row.name for row in tally.rows.all() if row.is_winner and tally.category.is_released]
        return ", ".join(winners)

    @admin.display(description="where every ballot went")
    def reconciled(self, tally: Tally) -> str:
        return ", ".join(f"{number} {state}" for state, number in tally.reconciliation.items())

    @admin.display(boolean=True)
    def released(self, tally: Tally) -> bool:
        return tally.category.is_released

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        tally = self.get_object(request, object_id)
        if tally and self.has_view_permission(request, tally):
            release.record_look(tally.category, by=request.user)
        return super().change_view(request, object_id, *args, **kwargs)
