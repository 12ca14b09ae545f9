"""Tracing costs nothing where nobody collects traces."""

import os
import subprocess
import sys

import pytest

from pfms_common import tracing

LOADED = """
import sys
from pfms_common import sql, tracing, web
tracing.start()
with tracing.span("write"):
    assert tracing.hop("ledger", None, ()) is None
sent = "opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf", "requests", "pfms_common.spans"
print([name for name in sys.modules if name.startswith(sent)])
"""
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-c", LOADED], env=quiet | environment, capture_output=True, text=True, check=False
    )


def test_what_records_and_sends_is_not_even_imported_while_no_collector_is_named():
    assert run().stdout == "[]\n"


def test_it_is_not_imported_where_opentelemetry_is_disabled_by_its_own_variable():
    assert run(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_SDK_DISABLED="true").stdout == "[]\n"


def test_a_collector_without_opentelemetry_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "pfms_common.spans", None)

    with pytest.raises(SystemExit, match=r"pfms-common\[tracing\]"):
        tracing.start()
