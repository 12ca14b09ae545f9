"""One change, seen by a collector of traces: from the gateway to the consumer that hears of it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("opentelemetry.proto", reason="the extra `tracing` is not installed")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CALLERS_TRACE, CALLERS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@dataclass
class Collector:
    """Takes OTLP over HTTP; `spans` are (service, span) pairs."""

    spans: list[tuple[str, Any]] = field(default_factory=list)
    address: str = ""

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(names["service.name"], span) for span in scope.spans]

    def of(self, trace_id: str) -> dict[tuple[str, str], Any]:
        """(service, name) → span, of one trace."""
        return {
            (service, span.name): span
            for service, span in list(self.spans)
            if span.trace_id.hex() == trace_id
        }


@pytest.fixture
def collector() -> Iterator[Collector]:
    taken = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield taken
        server.shutdown()
        thread.join()


async def test_a_transaction_is_one_trace_from_the_gateway_to_the_budget(own_product, new_user, collector):
    product = own_product(
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.address, OTEL_BSP_SCHEDULE_DELAY="50", NO_PROXY="*"
    )
    anna = await new_user(product.url)
    account = await anna.account()
    await anna.http.post(
        "/transactions",
        json={"account_id": account["id"], "date": "2026-02-10", "amount_minor": -100, "payee": "Zwölfkampf"},
        headers={
            "traceparent": f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01",
            "Idempotency-Key": "one-key-of-many-1",
        },
    )

    async def seen():
        return collector.of(CALLERS_TRACE)

    spans = await anna.until(seen, lambda spans: ("budget", "budget.ledger") in spans)
    gateway, ledger = spans["gateway", "POST /transactions"], spans["ledger", "POST /transactions"]
    write, applied = spans["ledger", "append"], spans["budget", "budget.ledger"]
    parents = [span.parent_span_id.hex() for span in (gateway, ledger, write, applied)]
    assert parents == [CALLERS_SPAN, *(span.span_id.hex() for span in (gateway, ledger, write))]
    published = await anna.until(seen, lambda spans: ("ledger", "publish") in spans)
    assert write.span_id in {link.span_id for link in published["ledger", "publish"].links}
    assert write.span_id in {link.span_id for link in applied.links}
    told = {each.key: each.value for each in ledger.attributes}
    assert told["http.route"].string_value == "/transactions"
    assert told["http.response.status_code"].int_value == 201
    assert told["pfms.book_id"].string_value == anna.book_id
    assert "Zwölfkampf" not in str([span for _, span in collector.spans])

    assert product.stop() == 0
