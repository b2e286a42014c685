"""Tallies with their rows, to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.bases import ReadOnlyAdmin
from surveys.models import Season, Tally, TallyRow


class TallyRowInline(admin.TabularInline):
    model = TallyRow
    fields = ("rank", "name", "count", "is_winner")
    extra = 0


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    """Before the release this is the only place that shows a result, to those who may view tallies."""

    list_display = ("category", "season", "ballots", "winners", "made_at", "released")
    list_filter = ("category__season",)
    list_select_related = ("category__season",)
    fields = ("category", "method", "rules_version", "ballots", "base", "reconciled", "made_at", "made_by")
    inlines = [TallyRowInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tally]:
        return super().get_queryset(request).prefetch_related("rows")

    @admin.display(ordering="category__season")
    def season(self, tally: Tally) -> Season:
        return tally.category.season

    @admin.display
    def winners(self, tally: Tally) -> str:
        return ", ".join(row.name for row in tally.rows.all() if row.is_winner)

    @admin.display(description="where every ballot went")
    def reconciled(self, tally: Tally) -> str:
        return ", ".join(f"{number} {state}" for state, number in tally.reconciliation.items())

    @admin.display(boolean=True)
    def released(self, tally: Tally) -> bool:
        return tally.category.is_released
