"""The juries of seasons: put together before voting opens, then fixed as the ballot paper names them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, QueryDict

from core.admin.bases import AuditedAdmin, ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib.text import whole_number
from core.models import User
from surveys.models import Juror, Season
from surveys.models.seasons import BEFORE_VOTING


@admin.register(Juror)
class JurorAdmin(AuditedAdmin, SharedEditing, ShownToReadersAdmin):
    """Jurors are accounts of the role that votes in juries."""

    noun = "juror"
    list_display = ("name", "season", "user", "affiliations")
    list_filter = ("season",)
    list_select_related = ("season", "user")
    fields = ("season", "user", "name", "affiliations")

    def facts(self, obj: Juror) -> dict[str, str | set[str]]:
        return {
            "season": str(obj.season),
            "account": str(obj.user),
            "name": obj.name,
            "affiliations": obj.affiliations,
        }

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A juror who is added from the jury of a season is one of that season."""
        came_from = QueryDict(request.GET.get("_changelist_filters", ""))
        season = whole_number(came_from.get("season__id__exact"))
        return super().get_changeform_initial_data(request) | ({"season": season} if season else {})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            role = User.objects.people().filter(groups__permissions__codename="judge_season")
            kwargs["queryset"] = role.distinct()
        if db_field.name == "season":
            kwargs["queryset"] = Season.objects.filter(state__in=BEFORE_VOTING)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Juror | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.season.is_fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Juror | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.season.is_fixed)
