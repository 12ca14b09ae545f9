"""What ties a request's lines together: request id and W3C trace context, and the metrics of an HTTP edge.

The context travels through gateway, services and events; logs and errors carry it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import getrandbits

from prometheus_client import Counter, Histogram

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")

REQUESTS = Histogram(
    "pfms_http_request_seconds",
    "Time from a request's headers to the end of its answer",
    ("service", "method", "route", "status"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
UNHANDLED = Counter("pfms_unhandled_errors", "Requests that ended in an error nobody foresaw", ("service",))


@dataclass(
    slots=True
)  # not frozen: one is made for each request, and frozen ones cost thrice as much to make
class Trace:
    """The ids of the request at hand.

    Args:
        request_id: made or taken over by the gateway; the events of one user action share it.
        traceparent: W3C trace context of this hop.
    """

    request_id: str
    traceparent: str


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def enter(request_id: str | None, traceparent: str | None) -> Trace:
    """Takes over the caller's ids where they are well formed, makes new ones where not."""
    made = f"{getrandbits(320):080x}"  # ids that tie log lines together guard nothing
    own = request_id if request_id and _REQUEST_ID.fullmatch(request_id) else made[:32]
    parent = traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
    trace_id = parent[3:35] if parent else made[32:64]
    flags = parent[53:] if parent else "01"
    trace = Trace(own, f"00-{trace_id}-{made[64:]}-{flags}")
    _current.set(trace)
    return trace


def current() -> Trace | None:
    return _current.get()


@contextmanager
def inside(trace: Trace) -> Iterator[None]:
    """The block runs in this trace."""
    outer = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(outer)


def context_fields() -> dict[str, str]:
    """What every log line carries inside a request."""
    trace = _current.get()
    return {} if trace is None else {"request_id": trace.request_id, "trace_id": trace.traceparent[3:35]}
