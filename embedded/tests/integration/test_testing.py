"""The server that one run of the tests gets."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import asyncpg

from pfms_embedded.home import sockets_of
from pfms_embedded.processes import alive
from pfms_embedded.testing import start_for_tests

STARTER = """
import time
from pfms_embedded.testing import start_for_tests
server = start_for_tests()
print(server.home, flush=True)
time.sleep(600)
"""


async def version(url: str) -> str:
    connection = await asyncpg.connect(url)
    answer: str = await connection.fetchval("SHOW fsync")
    await connection.close()
    return answer


def test_it_answers_and_leaves_nothing_behind() -> None:
    server = start_for_tests()
    try:
        assert asyncio.run(version(server.admin_url)) == "off"
    finally:
        server.stop()

    assert not server.home.exists()
    assert not sockets_of(server.home).exists()


def test_it_may_live_in_a_folder_of_ones_own(home: Path) -> None:
    server = start_for_tests(home)
    try:
        assert server.home == home
    finally:
        server.stop()


def test_it_ends_with_its_parent_and_the_next_run_clears_its_folder() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().strip())
        postmaster = int((folder / "postgres/data/postmaster.pid").read_text().split()[0])
        parent.kill()
    deadline = time.monotonic() + 10
    while alive(postmaster) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(postmaster)

    start_for_tests().stop()

    assert not folder.exists()
