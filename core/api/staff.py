"""Views for programs with a key: lists, and rows that are changed only as they were read."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.access import ByKey
from core.api.fields import sample
from core.api.paging import Cursors
from core.api.shape import Shaped
from core.api.versions import IF_MATCH, etag_of, must_match


class StaffList(ByKey, Shaped, generics.ListAPIView):
    """A list by cursor. What is added to it is what `create` returns."""

    pagination_class = Cursors


class StaffRow(ByKey, Shaped, generics.RetrieveAPIView):
    """One row with its ETag."""

    def whole(self, row: Any) -> Any:
        """All that is shown of a row, which its ETag stands for."""
        return self.get_serializer_class()(row, context={"request": self.request, "view": self}).data

    def etag(self, row: Any) -> str:
        return etag_of({name: value for name, value in self.whole(row).items() if name not in self.optional})

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        return Response(self.get_serializer(row).data, headers={"ETag": self.etag(row)})

    def changed(self, request: Request, change: Callable[[Any], Any]) -> Response:
        """Change the row if it still is what the program has read; the answer is the row as it is now."""
        with transaction.atomic():
            row = self.locked_row()
            must_match(request, self.etag(row))
            row = change(row) or row
            row = self.get_queryset().get(pk=row.pk)
            shown = self.whole(row)
        plain = {name: value for name, value in shown.items() if name not in self.optional}
        return Response(plain, headers={"ETag": etag_of(plain)})

    def removed(self, request: Request, remove: Callable[[Any], Any]) -> Response:
        """Remove the row if it still is what the program has read."""
        with transaction.atomic():
            row = self.locked_row()
            must_match(request, self.etag(row))
            remove(row)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def locked_row(self) -> Any:
        """The row as it is now, held until the transaction ends."""
        row = self.get_object()
        type(row)._base_manager.select_for_update(of=("self",)).filter(pk=row.pk).first()
        return self.get_queryset().get(pk=row.pk)


class Nothing(serializers.Serializer[Any]):
    """Nothing has to be sent."""


class StaffStep(StaffRow):
    """A step of a row's life, by the desk's rules: a POST that says which version it is about. `take` takes it."""

    http_method_names = ["post", "options"]
    route: ClassVar[str]
    sent: ClassVar[Any] = Nothing
    example: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "route" in vars(cls):
            described = {"request": cls.sent, "responses": cls.serializer_class, "description": cls.__doc__}
            examples = [sample(**cls.example)] if cls.example else []
            extend_schema_view(post=extend_schema(**described, parameters=[IF_MATCH], examples=examples))(cls)

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        sent = self.sent(data=request.data)
        sent.is_valid(raise_exception=True)
        return self.changed(request, lambda row: self.take(row, request.user, sent.validated_data))

    def take(self, row: Any, by: Any, sent: dict[str, Any]) -> Any:
        raise NotImplementedError
