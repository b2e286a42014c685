"""What the admin of every part builds on: rows to look at, rows that readers' pages show, rows whose changes are logged."""

from typing import Any, ClassVar

from django.contrib.admin.utils import display_for_field
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core import audit, pagecache
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


class OneRowAdmin(DeskAdmin):
    """A table of one row, which has its defaults until it is saved first."""

    def in_force(self) -> list[tuple[str, str]]:
        """What holds while there is no row, by the names of the fields."""
        row, shown = self.model(), [field for field in self.opts.fields if field.editable and not field.primary_key]
        return [(str(field.verbose_name), display_for_field(getattr(row, field.name), field, "–")) for field in shown]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where there is no row yet, and on the pages of this table only: else the menu of every page would ask for it."""
        match = request.resolver_match
        is_here = match is None or (match.url_name or "").startswith(f"{self.opts.app_label}_{self.opts.model_name}_")
        return is_here and super().has_add_permission(request) and not self.model._base_manager.exists()

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


class AuditedAdmin(DeskAdmin):
    """Rows whose additions, changes and deletions are logged in core.audit, with the values before and after."""

    noun: ClassVar[str]

    def facts(self, obj: Any) -> dict[str, str | set[str]]:
        """The values worth logging, by name."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.before = self.facts(type(obj).objects.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        now = self.facts(form.instance)
        changes = (
            _change(name, form.before.get(name), now[name]) for name in now if form.before.get(name) != now[name]
        )
        form.instance.changes = "; ".join(changes)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        audit.record(f"made the {self.noun}", obj, by=request.user, detail=obj.changes)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if changes := getattr(obj, "changes", "the password"):  # a page of its own changes it
            audit.record(f"changed the {self.noun}", obj, by=request.user, detail=changes)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            audit.record(f"deleted the {self.noun}", obj, by=request.user)
        return super().log_deletions(request, queryset)


def _change(name: str, before: str | set[str] | None, now: str | set[str]) -> str:
    if isinstance(now, str):
        return f"{name}: {before or '–'} → {now or '–'}"
    had = before if isinstance(before, set) else set()
    return f"{name}: " + ", ".join(
        [*(f"+ {each}" for each in sorted(now - had)), *(f"– {each}" for each in sorted(had - now))]
    )
