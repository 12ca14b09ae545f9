"""Spans for whoever collects them: of requests, writes, published and applied events, sent by OTLP over HTTP.

Off, and what records and sends not even imported, unless OTEL_EXPORTER_OTLP_ENDPOINT is set. OpenTelemetry's
other variables (headers, sampler, time-outs) hold as it documents them.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal

from pfms_common.telemetry import Trace

if TYPE_CHECKING:
    from pfms_common.spans import Hop, Recorder

type Kind = Literal["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]

_OFF = nullcontext()
_recorder: "Recorder | None" = None


def start() -> None:
    """Begins to record where the environment names a collector; called once by each process that serves."""
    global _recorder  # noqa: PLW0603  # one per process, as its thread that sends
    wanted = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    if not any(map(os.environ.get, wanted)) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    try:
        from pfms_common.spans import Recorder  # noqa: PLC0415  # a quarter of a second that only tracing costs
    except ImportError as error:
        raise SystemExit(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed:"
            ' install "pfms-common[tracing]", or unset it'
        ) from error
    _recorder = Recorder()


def stop() -> None:
    """Sends what is still there and records no more."""
    global _recorder  # noqa: PLW0603  # as above
    if _recorder is not None:
        _recorder.close()
    _recorder = None


def span(
    name: str, *, service: str = "", kind: Kind = "INTERNAL", causes: Iterable[Mapping[str, str]] = ()
) -> AbstractContextManager[None]:
    """The block as a span, which is `telemetry.current()` in it.

    Args:
        service: by default that of the span around it.
        causes: the `trace` of each event that the block deals with, read only while spans are recorded. The span
            links to all of them; where they are of one trace, and no span is around, it is a part of that trace.
    """
    return _OFF if _recorder is None else _recorder.span(name, service, kind, causes)


def hop(service: str, trace: Trace, headers: Iterable[tuple[bytes, bytes]]) -> "Hop | None":
    """The span of a request that came with these headers, for the caller to end; `trace` becomes its context."""
    return None if _recorder is None else _recorder.hop(service, trace, headers)
