"""Lists in the admin: what an address may ask of them is what they declare, and they stay quick over a million rows.

Every ModelAdmin of the project derives from `DeskAdmin`. Its lists are counted only so far, and searched and filtered by
an index.
"""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import AllValuesFieldListFilter, ListFilter, ModelAdmin, ShowFacets
from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import DataError, connection, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from core.lib.admin_text import CleanedText
from core.lib.prefix_search import beginning_with, words_of
from core.lib.text import searchable, whole_number


class BoundedPaginator(Paginator):
    """Counts and turns pages only so far: to count on, or to skip that many rows, takes longer the more there are."""

    furthest = 10_000  # rows: beyond that, nobody turns pages; they search

    @cached_property
    def is_cut(self) -> bool:
        """Whether there are more rows than it leads to."""
        return self._counted > self.furthest

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.furthest)

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: self.furthest + 1].count() if isinstance(rows, models.QuerySet) else len(rows)


class NotOffered(Exception):
    """The query string asks for something the list does not declare, or is malformed."""


class ClosedChangeList(ChangeList):
    """A list that can be ordered by its declared columns only."""

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[Any]:
        declared = self.model_admin.get_sortable_by(request)
        for part in filter(None, self.params.get(ORDER_VAR, "").split(".")):
            number = whole_number(part.removeprefix("-"), most=len(self.list_display) - 1)
            if number is None or self.list_display[number] not in declared:
                raise NotOffered
        return super().get_ordering(request, queryset)


def _lead_back(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view of a ModelAdmin: a query string that is not allowed redirects to the plain list, with a message."""

    @wraps(view)
    def guarded(self: ModelAdmin, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(self, request, *args, **kwargs)
        except (NotOffered, DisallowedModelAdminToField):
            self.message_user(
                request, "This view of the list is not available. Here is the whole list.", messages.WARNING
            )
            name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
            return HttpResponseRedirect(reverse(f"admin:{name}", current_app=self.admin_site.name))

    return guarded


class DeskAdmin(CleanedText, ModelAdmin):
    """The base of every ModelAdmin. Its list can be narrowed and ordered only by what it declares.

    That is `list_filter`, `date_hierarchy`, `search_fields` and `sortable_by`. Django's ModelAdmin accepts any lookup on
    any column, shown or not, with which anyone who may see a list can read hidden columns one character at a time.
    """

    counted_as = ""  # the plural beside the number of rows, where the name of the list is none
    nothing_yet = ""  # what makes an empty list fill, where its buttons do not say so
    whole_list = ""  # the query string that shows everything, where a list shows first what waits

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER

    @admin.display(description="state", ordering="state")
    def state_badge(self, row: Any) -> str:
        """A row's state in words, in the colour that it has in every list."""
        return format_html('<span class="state state--{}">{}</span>', row.state, self.state_in_words(row))

    def state_in_words(self, row: Any) -> str:
        return str(row.get_state_display())

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        declared: Any = self.get_list_filter(request) if request else self.list_filter
        if self.date_hierarchy and lookup in {f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day")}:
            return True
        return any(lookup in _parameters(self.model, each) for each in declared)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Rows are referred to by primary key only."""
        return bool(self.opts.pk and to_field == self.opts.pk.name)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ClosedChangeList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        if any("\0" in value for name, value in request.GET.items() if name != SEARCH_VAR):
            raise NotOffered  # else it depends on what the list is narrowed to whether the database sees it
        try:
            return super().get_changelist_instance(request)
        except (DisallowedModelAdminLookup, IncorrectLookupParameters, ValueError, OverflowError, DataError) as error:
            if not request.GET:  # nothing was asked for, so the error is ours
                raise
            raise NotOffered from error

    @_lead_back
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, extra_context)

    @_lead_back
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @_lead_back
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(request, *args, **kwargs)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        key: Any = self.opts.pk
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                key.to_python(chosen)
        except ValidationError:
            raise NotOffered from None
        return super().response_action(request, *args, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new row starts as the model has it, in fields too that the form declares anew; the query string fills in nothing."""
        new, declared = self.model(), getattr(self.form, "declared_fields", {})
        fields = [field for field in self.opts.concrete_fields if field.name in declared and field.has_default()]
        return {field.name: field.value_from_object(new) for field in fields}

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, searchable(search_term.replace("\0", "")))

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Text is found however its letters are composed, and whatever is hidden in it."""
        return [_searched(self.model, path) for path in super().get_search_fields(request)]

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The page itself, instead of /admin/r/, which redirects any member of staff to the page of any row."""
        if obj and callable(self.view_on_site):
            return self.view_on_site(obj)
        return obj.get_absolute_url() if obj and self.view_on_site and hasattr(obj, "get_absolute_url") else None


def _searched(model: type[models.Model], path: str) -> str:
    try:
        field = get_fields_from_path(model, path)[-1]
    except (FieldDoesNotExist, NotRelationField):  # it names its own lookup
        return path
    plain = isinstance(field, models.CharField | models.TextField) and not isinstance(field, models.EmailField)
    return f"{path}__searchable" if plain else path


def _parameters(model: type[models.Model], declared: Any) -> set[str]:
    """The query parameters of a declared filter: that a column has a value, or none."""
    if isinstance(declared, type) and issubclass(declared, ListFilter):
        several = getattr(declared, "parameter_names", ()) or (getattr(declared, "parameter_name", ""),)
        return {str(name) for name in several}
    path = declared[0] if isinstance(declared, list | tuple) else declared
    field: Any = get_fields_from_path(model, path)[-1]
    if field.is_relation:
        return {f"{path}__{field.target_field.name}__exact", f"{path}__isnull"}
    if isinstance(field, models.DateField):
        return {f"{path}__gte", f"{path}__lt", f"{path}__isnull"}
    return {path, f"{path}__exact", f"{path}__isnull"}


class WordSearch:
    """A ModelAdmin's search of `search_fields` for the beginnings of words; the model has a `words_index` of the same columns."""

    search_fields: ClassVar[Any]
    search_help_text: ClassVar[Any] = "Words, or how they begin."

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        query = beginning_with(search_term)
        return queryset.alias(words=words_of(*self.search_fields)).filter(words=query) if query else queryset, False


class IndexedValuesFilter(AllValuesFieldListFilter):
    """Offers the values that a column has, which begins an index."""

    def __init__(self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.lookup_choices: Any = values_in(model._meta.db_table, field.column)


def values_in(table: str, column: str) -> list[str]:
    """The values that a column has, found by leaping through an index that begins with it."""
    table, column = connection.ops.quote_name(table), connection.ops.quote_name(column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE leap (value) AS ((SELECT min({column}) FROM {table}) UNION ALL"
            f" SELECT (SELECT min({column}) FROM {table} WHERE {column} > value) FROM leap WHERE value IS NOT NULL)"
            " SELECT value FROM leap WHERE value IS NOT NULL"
        )
        return [value for (value,) in cursor.fetchall()]


def linked(row: Any, words: str = "") -> str:
    """A row's name, or other words, as a link to its page in the admin."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, words or str(row))
