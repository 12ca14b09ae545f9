"""The recorder behind `tracing`, which alone imports it: it needs the extra `tracing` of this package.

A span's ids are those of the trace context that travels on from it. Ids are all that it tells of people: no address,
name, amount or text, and of an error its type alone, since a database quotes people's data in its messages.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pfms_common import telemetry
from pfms_common.telemetry import Trace

EXPORT_SECONDS = 3
"""So long the end of a process waits for a collector that is away, unless OTEL_EXPORTER_OTLP_TIMEOUT is set."""

_service: ContextVar[str] = ContextVar("service", default="pfms")


class Hop:
    """A request under way."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self, method: str, route: str, status: int) -> None:
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )
        if status >= 500:
            _fail(self._span, str(status))
        self._span.end()


class Recorder:
    """Keeps spans until its thread sends them; when the collector is away for long, they are dropped."""

    def __init__(self) -> None:
        seconds = None if os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else EXPORT_SECONDS
        self._sending = BatchSpanProcessor(OTLPSpanExporter(timeout=seconds))
        self._tracers: dict[str, Tracer] = {}

    def close(self) -> None:
        self._sending.shutdown()  # type: ignore[no-untyped-call]  # has no annotations

    def hop(self, service: str, trace: Trace, headers: Iterable[tuple[bytes, bytes]]) -> Hop:
        read = dict(headers)
        caller = read.get(b"traceparent", b"").decode("latin-1")
        is_taken_over = caller[3:35] == trace.traceparent[3:35]
        span = self._start(service, "request", SpanKind.SERVER, caller if is_taken_over else None)
        span.set_attribute("pfms.request_id", trace.request_id)
        if book_id := _id(read.get(b"book-id", b"")):
            span.set_attribute("pfms.book_id", book_id)
        _service.set(service)
        trace.traceparent = _traceparent(span)
        return Hop(span)

    @contextmanager
    def span(self, name: str, service: str, kind: str, causes: Iterable[Mapping[str, str]]) -> Iterator[None]:
        service = service or _service.get()
        around = telemetry.current()
        known = {cause["traceparent"]: cause for cause in causes if "traceparent" in cause}
        cause = next(iter(known.values())) if len({text[3:35] for text in known}) == 1 else {}
        parent = around.traceparent if around else cause.get("traceparent")
        span = self._start(service, name, SpanKind[kind], parent, links=known)
        traceparent = _traceparent(span)
        request_id = around.request_id if around else cause.get("correlation_id", traceparent[3:35])
        outer = _service.set(service)
        try:
            with telemetry.inside(Trace(request_id, traceparent)):
                yield
        except BaseException as error:
            _fail(span, type(error).__name__)
            raise
        finally:
            _service.reset(outer)
            span.end()

    def _start(
        self, service: str, name: str, kind: SpanKind, parent: str | None, links: Iterable[str] = ()
    ) -> Span:
        linked = [Link(get_current_span(_context(each)).get_span_context()) for each in links]
        return self._tracer(service).start_span(name, _context(parent), kind, links=linked)

    def _tracer(self, service: str) -> Tracer:
        """One per service: embedded, all live in one process, and each is shown by its own name."""
        if service not in self._tracers:
            resource = Resource.create({"service.name": service, "service.namespace": "pfms"})
            provider = TracerProvider(resource=resource, shutdown_on_exit=False)
            provider.add_span_processor(self._sending)
            self._tracers[service] = provider.get_tracer("pfms")
        return self._tracers[service]


def _context(traceparent: str | None) -> Context:
    return TraceContextTextMapPropagator().extract({"traceparent": traceparent} if traceparent else {})


def _traceparent(span: Span) -> str:
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def _id(text: bytes) -> str:
    """A client writes what it likes into a header; only an id is told."""
    try:
        return str(UUID(text.decode("ascii")))
    except ValueError:
        return ""
