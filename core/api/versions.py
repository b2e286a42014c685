"""Conditional writes: whoever changes a row says, in If-Match, which version of it they have seen."""

import json
from hashlib import blake2b
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from core.api.problems import Outdated, Unconditional

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of the row as you read it; or *."
)


def etag_of(shown: Any) -> str:
    """The ETag of a row by all that is shown of it."""
    text = json.dumps(shown, cls=JSONEncoder, sort_keys=True, ensure_ascii=False)
    return f'"{blake2b(text.encode(), digest_size=12).hexdigest()}"'


def must_match(request: Request, etag: str) -> None:
    """Refuse a write that names no version, or one that is not the row's. The row is locked by the caller."""
    named = request.headers.get("If-Match", "")
    if not named:
        raise Unconditional
    if named.strip() != "*" and etag not in (each.strip().removeprefix("W/") for each in named.split(",")):
        raise Outdated
