"""Errors for a server that speaks Sentry's protocol, and traces for a collector of OpenTelemetry, where settings name one."""

from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings

from core.lib import tracing
from core.lib.logs import without_links, without_persons


def start() -> None:
    """Begin what the settings ask for, once in each process."""
    if settings.SENTRY_DSN:
        _report_errors()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _keep_traces()


def _report_errors() -> None:
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.RELEASE or None,
        environment="production" if settings.PRODUCTION else "development",
        send_default_pii=False,
        include_local_variables=False,  # they are addresses, ballots, passwords
        max_request_body_size="never",
        max_breadcrumbs=0,  # the statements and requests before it
        before_send=_scrubbed,
        traces_sample_rate=None,
    )


def _scrubbed(event: Any, _hint: dict[str, Any]) -> Any:
    """An event without addresses, links and what a browser sent: of the request, its method and path stay."""
    request = event.pop("request", {})
    event.pop("user", None)
    event = _without(event)
    if request:
        event["request"] = {
            "method": request.get("method"),
            "url": without_links(urlsplit(request.get("url", ""))._replace(query="").geturl()),
        }
    return event


def _without(value: Any) -> Any:
    """The same, with every text of it cut."""
    if isinstance(value, str):
        return without_persons(without_links(value))
    if isinstance(value, dict):
        return {key: _without(each) for key, each in value.items()}
    return [_without(each) for each in value] if isinstance(value, list | tuple) else value


def _keep_traces() -> None:
    """Spans of requests (core.lib.observed), of mail (core.lib.smtp), of tasks and statements, without their values."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

    host = urlsplit(settings.SITE_URL).hostname or ""
    about = {"service.name": "moonpress", "service.version": settings.RELEASE, "deployment.environment.name": host}
    provider = TracerProvider(resource=Resource.create({key: value for key, value in about.items() if value}))
    exporter = _WithoutWords(OTLPSpanExporter())  # which reads OTEL_EXPORTER_OTLP_… itself
    provider.add_span_processor(BatchSpanProcessor(cast(SpanExporter, exporter)))
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument()
    PsycopgInstrumentor().instrument()
    tracing.keep_by(trace.get_tracer("moonpress"))


class _WithoutWords:
    """An exporter before another: of exceptions it leaves the type. Their words, and those of a stack, are of rows and persons."""

    def __init__(self, exporter: Any) -> None:
        self.exporter = exporter

    def export(self, spans: Sequence[Any]) -> Any:
        return self.exporter.export([_without_words(span) for span in spans])

    def shutdown(self) -> None:
        self.exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return bool(self.exporter.force_flush(timeout_millis))


def _without_words(span: Any) -> Any:
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.trace import Status

    stays = "exception.type"
    events = [
        Event(event.name, {stays: (event.attributes or {}).get(stays, "")}, event.timestamp) for event in span.events
    ]
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_without(dict(span.attributes or {})),
        events=events,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
