"""Spans of what takes time, where traces are kept (cms.reporting); elsewhere they cost nothing."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
        _describe(current, attributes)
        yield current


def leaf(name: str, **attributes: Any) -> AbstractContextManager[None]:
    """A span with none below it, for what is done beside others in one thread."""
    return _leaf(name, attributes) if _tracer else nullcontext()


@contextmanager
def _leaf(name: str, attributes: dict[str, Any]) -> Iterator[None]:
    current = _tracer.start_span(name)
    _describe(current, attributes)
    try:
        yield
    except Exception as error:
        current.record_exception(error)
        raise
    finally:
        current.end()


def _describe(current: Any, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        current.set_attribute(key.replace("_", "."), value)
