"""What starting PFMS loads: each of these costs a good part of a start, and one process needs none of them."""

import subprocess
import sys

SPARED = ("alembic", "aiohttp", "aio_pika")
LOOK = "import sys, pfms_embedded.run, pfms_service.main; print(*sys.modules)"


def test_a_start_loads_nothing_that_one_process_seldom_needs():
    loaded = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True).stdout

    assert [name for name in SPARED if name in loaded.split()] == []
