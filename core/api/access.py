"""Who asks the API, and whether they may: a key, what it is good for, and the permissions of the account it acts for."""

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import (
    AuthenticationFailed,
    MethodNotAllowed,
    NotAuthenticated,
    PermissionDenied,
    Throttled,
)
from rest_framework.parsers import JSONParser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core.api import keys
from core.lib.forms import client_address
from core.lib.networks import network_of
from core.models import ApiKey, User
from core.ratelimit import allow

HOW = "Send a key: Authorization: Bearer mp_… Keys are made in the admin."
WRONG_KEYS = 30  # a minute, from one network


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer mp_…`: the request acts as the key's account, which names the key wherever it is recorded."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, given = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        is_ours = scheme.lower() == self.keyword.lower()
        row = keys.find(given.strip()) if is_ours else None
        if row is None:
            network = network_of(client_address(request._request))
            if not allow(f"wrong API keys|{network}", limit=WRONG_KEYS, seconds=60):
                raise Throttled(60, "Too many wrong keys came from your network.")
            if not is_ours:
                raise AuthenticationFailed(HOW)
            raise AuthenticationFailed("This key does not work: it is wrong, revoked or expired.")
        keys.note_use(row)
        row.account.via = row.name
        return row.account, row

    def authenticate_header(self, request: Request) -> str:
        return f'{self.keyword} realm="api"'


class KeyScheme(OpenApiAuthenticationExtension):
    """How the schema names it."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A key that was made in the admin."}


class Reading(BasePermission):
    """Everybody may read, and there is nothing else to be done."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in SAFE_METHODS:
            raise MethodNotAllowed(request.method or "")
        return True


class MayUse(BasePermission):
    """The key is good for the part and the way, and its account has the permission that the view names for the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated(HOW)
        way = keys.READ if request.method in SAFE_METHODS else keys.WRITE
        scope = f"{view.part}:{way}"
        if scope not in request.auth.scopes:
            raise PermissionDenied(f"This key is not good for {scope}.")
        if request.method == "OPTIONS":  # what the part can do, which its documentation says as well
            return True
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method not in view.needs:
            raise MethodNotAllowed(request.method or "")
        needed = view.needs[method]
        for name in [needed] if isinstance(needed, str) else needed:
            if not request.user.has_perm(name):
                raise PermissionDenied(f"{request.user} may not do this: its roles lack {name}.")
        return True


class ByKey:
    """A view for programs with a key."""

    authentication_classes: ClassVar[Any] = [KeyAuthentication]
    permission_classes: ClassVar[Any] = [MayUse]
    parser_classes: Any = [JSONParser]
    part: ClassVar[str]
    needs: ClassVar[dict[str, Any]]
