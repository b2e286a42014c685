"""Pagination of long lists: the keys of one page from an index first, then the rows of that page alone."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator

from articles.models import Publication


class CardPaginator(Paginator):
    """Pages of publications with `cards()`, quick however far back. `counted` may be a quicker way to count them."""

    def __init__(self, *args: Any, counted: Callable[[], int] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.counted = counted

    @staticmethod
    def rows() -> Any:
        """What the rows of a page are read by."""
        return Publication.objects.cards()

    @cached_property
    def count(self) -> int:
        found: Any = self.object_list
        return self.counted() if self.counted else int(found.count())

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        found: Any = self.object_list
        keys = list(found.values_list("pk", flat=True)[start : start + self.per_page])
        shown = self.rows().in_bulk(keys)
        return Page([shown[key] for key in keys if key in shown], number, self)
