"""What the schema says of every operation: that errors are problems, and which fields of requests and answers there are."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from core.api.access import ByKey
from core.api.shape import Shaped

FIELDS = OpenApiParameter("fields", str, description="Names of fields, with commas between them: only these come.")
INCLUDE = OpenApiParameter("include", str, description="What else shall come, with commas between.")
PROBLEM = {
    "type": "object",
    "description": "What is wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "In words, for whoever sent it."},
        "errors": {"type": "object", "description": "By field: what is wrong with it.", "additionalProperties": True},
    },
    "example": {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "What you sent was not taken.",
        "errors": {"title": ["This field is required."]},
    },
}
ANSWER = {
    "description": "What is wrong.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "Of your choice: the same request with the same key within a day is done once, and answered the same.",
}
METHODS = ("get", "post", "put", "patch", "delete")


def with_problems(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method in METHODS:
            if operation := operations.get(method):
                _describe(operation, method)
    return result


def _describe(operation: dict[str, Any], method: str) -> None:
    for code, answer in operation["responses"].items():
        if code.isdecimal() and int(code) >= 400:
            operation["responses"][code] = {**ANSWER, "description": answer.get("description") or ANSWER["description"]}
    operation["responses"]["default"] = ANSWER
    if method != "get":
        operation.setdefault("parameters", []).append(ONCE)


class Described(AutoSchema):
    """What views of ours have in common."""

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        if isinstance(self.view, Shaped) and self.method == "GET":
            found += [FIELDS, INCLUDE] if self.view.optional else [FIELDS]
        return found

    def map_parsers(self) -> list[str]:
        """JSON where it is taken: of several types, generated clients do not know which to send."""
        found: list[str] = super().map_parsers()
        return ["application/json"] if "application/json" in found else found

    def get_tags(self) -> list[str]:
        if isinstance(self.view, ByKey):
            return [f"{self.view.part}, with a key"]
        parts = [part for part in self.path.split("/") if part and part not in ("api", "v1")]
        return parts[:1] if parts[:1] != ["desk"] else ["the key"]
