"""A program asks what its key is good for."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.access import HOW, KeyAuthentication
from core.models import ApiKey


class HasKey(BasePermission):
    """Any key that works."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated(HOW)
        return True


class KeyShown(serializers.Serializer[Any]):
    name = serializers.CharField()
    account = serializers.CharField(help_text="Whom it acts for.")
    roles = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(
        child=serializers.CharField(), help_text="A part and read or write, such as articles:write."
    )
    expires_at = serializers.DateTimeField(allow_null=True)


class OwnKey(APIView):
    """The key that is used for this request."""

    authentication_classes: list[Any] = [KeyAuthentication]
    permission_classes: list[Any] = [HasKey]

    @extend_schema(responses=KeyShown)
    def get(self, request: Request) -> Response:
        row: Any = request.auth
        roles = row.account.groups.order_by("name").values_list("name", flat=True)
        shown = {"name": row.name, "account": row.account.get_full_name(), "roles": list(roles)}
        return Response(shown | {"scopes": row.scopes, "expires_at": row.expires_at})


urlpatterns = [path("desk/key/", OwnKey.as_view(), name="api-desk-key")]
