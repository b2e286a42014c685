"""Endings of what the API has: announced in every answer (RFC 9745, RFC 8594) half a year before."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils.http import http_date


def ends(*, deprecated: date, sunset: date, instead: str = "") -> Callable[[Any], Any]:
    """Decorate a view that is about to go: its answers say since when it is deprecated, until when it works, what to use."""
    since, until = (datetime.combine(day, time(), UTC).timestamp() for day in (deprecated, sunset))

    def decorate(view: Any) -> Any:
        finalize = view.finalize_response

        def finalize_response(self: Any, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
            found = finalize(self, request, response, *args, **kwargs)
            found["Deprecation"], found["Sunset"] = f"@{int(since)}", http_date(until)
            if instead:
                found["Link"] = f'<{instead}>; rel="successor-version"'
            return found

        view.finalize_response = finalize_response
        return view

    return decorate
