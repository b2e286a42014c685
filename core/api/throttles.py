"""How often the API may be asked: by key, else by network. What is left is said in RateLimit fields."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.lib.forms import client_address
from core.lib.networks import public_network_of
from core.models import ApiKey
from core.ratelimit import count

WINDOW = 60  # seconds


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of a limit is left in this window."""

    name: str
    limit: int
    used: int
    ends_in: int

    def headers(self) -> dict[str, str]:
        """The fields of the IETF's draft “RateLimit header fields for HTTP”."""
        left = max(0, self.limit - self.used)
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={WINDOW}',
            "RateLimit": f'"{self.name}";r={left};t={self.ends_in}',
        }


def counted(request: HttpRequest, key: Any) -> Allowance | None:
    """What is left for a request's key or network; the request is counted once, however often that is asked."""
    if not hasattr(request, "api_allowance"):
        name, counter, limit = _who(request, key)
        used = count(counter, seconds=WINDOW) if counter else 0
        left = WINDOW - int(time.time()) % WINDOW
        request.api_allowance = Allowance(name, limit, used, left) if counter else None  # type: ignore[attr-defined]
    found: Allowance | None = request.api_allowance  # type: ignore[attr-defined]
    return found


def _who(request: HttpRequest, key: Any) -> tuple[str, str, int]:
    if isinstance(key, ApiKey):
        return "key", f"api|key|{key.pk}", settings.API_REQUESTS_PER_KEY
    network = public_network_of(client_address(request))
    return "network", f"api|{network}" if network else "", settings.API_REQUESTS_PER_NETWORK


class Throttle(BaseThrottle):
    """So many requests a minute for a key, and for a network of those who have none."""

    allowance: Allowance | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        self.allowance = counted(request._request, request.auth)
        return not self.allowance or self.allowance.used <= self.allowance.limit

    def wait(self) -> float | None:
        return self.allowance.ends_in if self.allowance else None
