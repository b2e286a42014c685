"""What programs send: fields whose texts are cleaned as those that somebody types, and examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from core.lib.text import one_line, prose, storable


def sample(**value: Any) -> OpenApiExample:
    """What a request may look like."""
    return OpenApiExample("Such as", value=value, request_only=True)


class Line(serializers.CharField):
    """One line."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(one_line(data) if isinstance(data, str) else data)


class Prose(serializers.CharField):
    """Text of several lines."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(prose(data) if isinstance(data, str) else data)


class Markup(serializers.CharField):
    """HTML or Markdown, which is cleaned where it is stored."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(storable(data) if isinstance(data, str) else data)
