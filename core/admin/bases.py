"""What the admin of every part builds on: rows that are only looked at, rows that readers' pages show."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core import pagecache
from core.lib.admin_lists import DeskAdmin


class ReadOnlyAdmin(DeskAdmin):
    """Rows that nobody adds, edits or deletes here."""

    sortable_by: ClassVar[Any] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ShownToReadersAdmin(DeskAdmin):
    """Rows that readers' pages show: each addition, change and deletion has those pages made anew."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        pagecache.bump()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        pagecache.bump()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        pagecache.bump()
