"""Spans of what takes time, where traces are kept (cms.reporting); elsewhere they cost nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_tracer: Any = None


def keep_by(tracer: Any) -> None:
    """Have spans made by a tracer of OpenTelemetry from now on."""
    global _tracer
    _tracer = tracer


@contextmanager
def span(name: str, **attributes: Any) -> Iterator[Any]:
    """A span for the block, with attributes whose names have _ for a dot; the span, or None where none is kept."""
    if _tracer is None:
        yield None
        return
    with _tracer.start_as_current_span(name) as current:
        for key, value in attributes.items():
            current.set_attribute(key.replace("_", "."), value)
        yield current
