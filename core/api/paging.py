"""Lists in numbered pages or by cursor. The links between them hold nothing of the request but what the list is made from."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

LIMIT, MOST = 20, 100
SIZE = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
    "description": f"How many at once; {MOST} at most.",
}
CURSOR = {
    "name": "cursor",
    "in": "query",
    "schema": {"type": "string"},
    "description": "From the links `next` and `previous`; empty for the first page. Nothing is left out or comes twice "
    "where the list grows meanwhile.",
}


def _address(request: Request) -> str:
    """The request's address as of our own site."""
    query = request.query_params.urlencode()
    return settings.SITE_URL + request.path + (f"?{query}" if query else "")


class Cursors(CursorPagination):
    """Pages by cursor."""

    page_size = LIMIT
    page_size_query_param = "limit"
    max_page_size = MOST
    invalid_cursor_message = "This cursor is none of ours."

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        """As the list is ordered, and by key where that leaves two in one place."""
        wanted = queryset.query.order_by or queryset.model._meta.ordering or ("-pk",)
        order = tuple(each for each in wanted if isinstance(each, str))
        if len(order) != len(wanted):
            raise NotFound("This list has numbered pages only.")
        return order if order[-1].lstrip("-") in ("pk", "id") else (*order, "-pk")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.address = _address(request)
        try:
            return super().paginate_queryset(queryset, request, view)
        except (
            TypeError,
            ValueError,
            ValidationError,
        ) as error:  # a place that is none in the column it is looked up in
            if not request.query_params.get(self.cursor_query_param):
                raise
            raise NotFound(self.invalid_cursor_message) from error

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        if cursor and "\0" in str(cursor.position or ""):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def encode_cursor(self, cursor: Any) -> str:
        self.base_url = self.address
        return str(super().encode_cursor(cursor))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [CURSOR, SIZE]


class Pages(PageNumberPagination):
    """Numbered pages; by cursor where one is asked for."""

    page_size_query_param = "limit"
    max_page_size = MOST
    cursors: Cursors | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        if self.cursor_query_param in request.query_params:
            self.cursors = Cursors()
            return self.cursors.paginate_queryset(queryset, request, view)
        return super().paginate_queryset(queryset, request, view)

    cursor_query_param = "cursor"

    def get_paginated_response(self, data: Any) -> Response:
        return self.cursors.get_paginated_response(data) if self.cursors else super().get_paginated_response(data)

    def get_next_link(self) -> str | None:
        page: Page[Any] = self.page  # type: ignore[assignment]
        return self._link(page.next_page_number()) if page.has_next() else None

    def get_previous_link(self) -> str | None:
        page: Page[Any] = self.page  # type: ignore[assignment]
        return self._link(page.previous_page_number()) if page.has_previous() else None

    def _link(self, number: int) -> str:
        request: Any = self.request
        query = request.query_params.copy()
        query[self.page_query_param] = str(number)
        if number == 1:
            del query[self.page_query_param]
        return settings.SITE_URL + request.path + (f"?{query.urlencode()}" if query else "")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = super().get_paginated_response_schema(schema)
        found["required"] = ["results"]  # who asks by cursor gets no count
        return found

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [*super().get_schema_operation_parameters(view), CURSOR]
