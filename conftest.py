"""One PostgreSQL server for a run of tests: the one in PFMS_TEST_PG_URL, else an embedded one that ends with it."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Starts the server in the controller; workers inherit its address."""
    if hasattr(config, "workerinput") or "PFMS_TEST_PG_URL" in os.environ:
        return
    from pfms_embedded.testing import start_for_tests  # noqa: PLC0415  # only where a server must be started

    folder = Path(tempfile.mkdtemp(prefix="pfms-tests-"))
    server = start_for_tests(folder)
    os.environ["PFMS_TEST_PG_URL"] = server.admin_url

    def stop() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(stop)
