"""Lists in the admin that stay quick over a million rows: counted only so far, searched and filtered by an index."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.admin import AllValuesFieldListFilter, ModelAdmin, ShowFacets
from django.core.paginator import Paginator
from django.db import connection, models
from django.http import HttpRequest

from core.lib.prefix_search import beginning_with, words_of


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


def bound_every_list() -> None:
    """Let every list of the admin be counted only so far, unless it says otherwise."""
    ModelAdmin.paginator = BoundedPaginator
    ModelAdmin.show_full_result_count = False
    ModelAdmin.show_facets = ShowFacets.NEVER


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
    """Offers the values that a column has, found by leaping through an index that begins with it."""

    def __init__(self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.lookup_choices: Any = list(_leap(model._meta.db_table, field.column))


def _leap(table: str, column: str) -> Iterable[str]:
    table, column = connection.ops.quote_name(table), connection.ops.quote_name(column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE leap (value) AS ((SELECT min({column}) FROM {table}) UNION ALL"
            f" SELECT (SELECT min({column}) FROM {table} WHERE {column} > value) FROM leap WHERE value IS NOT NULL)"
            " SELECT value FROM leap WHERE value IS NOT NULL"
        )
        return [value for (value,) in cursor.fetchall()]
