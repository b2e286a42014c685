"""Snippets for programs: texts that many pages share."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from articles.models import Snippet
from core import audit
from core.api.fields import Line, Markup, sample
from core.api.staff import StaffList, StaffRow
from core.api.versions import IF_MATCH, etag_of

EXAMPLE = sample(slug="no-advice", kind="disclaimer", html="<p>This is no advice.</p>")


class SnippetShown(serializers.ModelSerializer[Snippet]):
    """A snippet: a disclaimer, a call-to-action card, or a text for briefings."""

    heading = Line(required=False, allow_blank=True, max_length=160)
    html = Markup(required=False, allow_blank=True, max_length=100_000)
    label: Any = Line(required=False, allow_blank=True, max_length=80)

    class Meta:
        model = Snippet
        fields = ["slug", "kind", "heading", "html", "label", "url"]


class SnippetList(StaffList):
    """The snippets."""

    part = "articles"
    needs = {"GET": "articles.view_snippet", "POST": "articles.add_snippet"}
    queryset = Snippet.objects.order_by("slug")
    serializer_class = SnippetShown

    @extend_schema(request=SnippetShown, responses={201: SnippetShown}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """A new snippet."""
        sent = SnippetShown(data=request.data)
        sent.is_valid(raise_exception=True)
        with transaction.atomic():
            row = _saved(Snippet(), sent.validated_data)
            audit.record("made a snippet", row, by=request.user, detail="by the API")
        shown = SnippetShown(row).data
        return Response(shown, status=status.HTTP_201_CREATED, headers={"ETag": etag_of(shown)})


class SnippetRow(StaffRow):
    """One snippet."""

    part = "articles"
    needs = {
        "GET": "articles.view_snippet",
        "PATCH": "articles.change_snippet",
        "DELETE": "articles.delete_snippet",
    }
    queryset = Snippet.objects.all()
    serializer_class = SnippetShown
    lookup_field = "slug"

    @extend_schema(request=SnippetShown, responses=SnippetShown, parameters=[IF_MATCH], examples=[EXAMPLE])
    def patch(self, request: Request, slug: str) -> Response:
        """Change it wherever it is shown."""

        def change(row: Snippet) -> Snippet:
            sent = SnippetShown(row, data=request.data, partial=True)
            sent.is_valid(raise_exception=True)
            audit.record(
                "changed a snippet", row, by=request.user, detail=f"by the API: {', '.join(sent.validated_data)}"
            )
            return _saved(row, sent.validated_data)

        return self.changed(request, change)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request: Request, slug: str) -> Response:
        """Delete it, unless something uses it."""

        def remove(row: Snippet) -> Any:
            audit.record("deleted a snippet", row, by=request.user, detail="by the API")
            return row.delete()

        return self.removed(request, remove)


def _saved(row: Snippet, values: dict[str, Any]) -> Snippet:
    for name, value in values.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
    return row
