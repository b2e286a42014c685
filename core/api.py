"""What views of the read API share: their answers may be kept by any cache, and lists name pages by our own address."""

from typing import Any, cast

from django.conf import settings
from django.utils.decorators import method_decorator
from rest_framework.pagination import PageNumberPagination

from core.pagecache import public

# Cast, since the REST framework's views answer with a response class of their own.
kept: Any = method_decorator(cast(Any, public), name="dispatch")


class Pages(PageNumberPagination):
    """Numbered pages. The links between them hold nothing of the request but what the list is made from."""

    def get_next_link(self) -> str | None:
        page: Any = self.page
        return self._link(page.next_page_number()) if page.has_next() else None

    def get_previous_link(self) -> str | None:
        page: Any = self.page
        return self._link(page.previous_page_number()) if page.has_previous() else None

    def _link(self, number: int) -> str:
        request: Any = self.request
        query = request.query_params.copy()
        query[self.page_query_param] = str(number)
        if number == 1:
            del query[self.page_query_param]
        return settings.SITE_URL + request.path + (f"?{query.urlencode()}" if query else "")
