"""What starting PFMS loads: each of these costs a good part of a start, and one process needs none of them."""

import subprocess
import sys

from pfms_embedded.run import MAX_CONNECTIONS
from pfms_embedded.services import SERVICES

SPARED = ("alembic", "aiohttp", "aio_pika")


def modules(start: str) -> list[str]:
    """What is loaded once `start` is."""
    look = f"import sys, {start}; print(*sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    ).stdout.split()


def test_postgresql_is_started_before_the_services_are_loaded():
    loaded = modules("pfms_embedded.run")

    assert [name for name in loaded if name.startswith(("fastapi", "sqlalchemy", "pfms_ledger"))] == []


def test_postgresql_allows_every_pool_at_its_largest():
    assert len(SERVICES) * 20 + 20 <= MAX_CONNECTIONS


def test_a_start_loads_nothing_that_one_process_seldom_needs():
    loaded = modules("pfms_embedded.product")

    assert [name for name in SPARED if name in loaded] == []
