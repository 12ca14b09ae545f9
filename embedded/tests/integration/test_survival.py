"""What is killed with signal 9 comes back by itself or at the next start, and no committed row is lost."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway

from pfms_embedded.home import open_home, sockets_of
from pfms_embedded.postgres import Postgres
from pfms_embedded.processes import alive, working_in
from pfms_embedded.servers import EmbeddedServers, ServersFailed

Launch = Callable[..., Any]
BUSY_FOR_A_MINUTE = "DO $$ BEGIN WHILE clock_timestamp() < now() + interval '1 minute' LOOP END LOOP; END $$"
LAUNCHER = Path(__file__).parents[1] / "launcher.py"


async def within(seconds: float, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


async def connected(url: str) -> asyncpg.Connection:
    """A connection, waiting for a server that is just coming back."""
    for _ in range(500):
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
            await asyncio.sleep(0.02)
    raise AssertionError("the server did not come back")


async def write_row(url: str, text: str) -> None:
    connection = await connected(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (row text)")
    await connection.execute("INSERT INTO kept VALUES ($1)", text)
    await connection.close()


async def kept_rows(url: str) -> list[str]:
    connection = await connected(url)
    rows = await connection.fetch("SELECT row FROM kept ORDER BY row")
    await connection.close()
    return [row["row"] for row in rows]


def postmaster_of(home: Path) -> int:
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])


async def test_a_stop_and_a_start_keep_the_rows_and_the_passwords(new_home: Path) -> None:
    home = new_home
    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        await write_row(servers.postgres_admin_url, "before")
        password = servers.password_for("ledger_app")

    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        assert await kept_rows(servers.postgres_admin_url) == ["before"]
        assert servers.password_for("ledger_app") == password
        assert servers.password_for("ledger_owner") != password


async def test_a_killed_launcher_takes_its_servers_along_and_the_next_start_has_the_rows(
    home: Path, launch: Launch
) -> None:
    first = launch()
    await write_row(first.admin_url, "before the kill")

    first.process.kill()
    await within(20, lambda: not alive(first.postmaster) and not alive(first.valkey))

    again = launch()
    assert await kept_rows(again.admin_url) == ["before the kill"]


async def test_a_start_right_after_the_kill_need_not_wait_for_the_old_servers_end(
    home: Path, launch: Launch
) -> None:
    first = launch()
    await write_row(first.admin_url, "before the kill")

    first.process.kill()
    first.process.wait()

    assert await kept_rows(launch().admin_url) == ["before the kill"]


async def test_a_killed_postmaster_is_started_again_on_the_same_folder(home: Path) -> None:
    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        await write_row(servers.postgres_admin_url, "before the kill")
        first = postmaster_of(home)

        os.kill(first, signal.SIGKILL)
        await within(10, lambda: not alive(first))

        assert await kept_rows(servers.postgres_admin_url) == ["before the kill"]
        assert postmaster_of(home) != first


async def test_a_busy_orphan_of_a_killed_postmaster_does_not_keep_the_folder(home: Path) -> None:
    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        await write_row(servers.postgres_admin_url, "before the kill")
        busy = await asyncpg.connect(servers.postgres_admin_url)
        backend = busy.get_server_pid()
        endless = asyncio.create_task(busy.execute(BUSY_FOR_A_MINUTE))
        await asyncio.sleep(0.1)

        os.kill(postmaster_of(home), signal.SIGKILL)

        assert await kept_rows(servers.postgres_admin_url) == ["before the kill"]
        assert not alive(backend)
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await endless


async def test_a_stop_while_the_server_is_dead_leaves_no_orphan(home: Path) -> None:
    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        busy = await asyncpg.connect(servers.postgres_admin_url)
        backend = busy.get_server_pid()
        endless = asyncio.create_task(busy.execute(BUSY_FOR_A_MINUTE))
        await asyncio.sleep(0.1)
        os.kill(postmaster_of(home), signal.SIGKILL)

    assert not alive(backend)
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await endless


async def test_launcher_and_postmaster_killed_together_leave_a_folder_that_starts(
    home: Path, launch: Launch
) -> None:
    first = launch()
    await write_row(first.admin_url, "before the kill")

    os.kill(first.postmaster, signal.SIGKILL)
    first.process.kill()

    again = launch()
    assert await kept_rows(again.admin_url) == ["before the kill"]
    assert set(working_in(home / "postgres/data", "postgres")) >= {again.postmaster}


async def test_a_killed_valkey_is_back_at_the_same_address(home: Path) -> None:
    async with (
        EmbeddedServers(home, max_connections=20, port=18080) as servers,
        Redis.from_url(servers.redis_url) as redis,
    ):
        await redis.set("session", "here")
        first = int((home / "valkey/pid").read_text())

        os.kill(first, signal.SIGKILL)
        await within(10, lambda: not alive(first))

        for _ in range(500):
            try:
                assert await redis.get("session") is None
                break
            except RedisAway:
                await asyncio.sleep(0.02)
        assert int((home / "valkey/pid").read_text()) != first


async def test_a_kill_during_initdb_leaves_a_folder_that_starts(new_home: Path, launch: Launch) -> None:
    first = await asyncio.create_subprocess_exec(sys.executable, LAUNCHER, new_home)
    draft = new_home / "postgres/data.new"
    await within(20, (draft / "PG_VERSION").exists)
    first.kill()
    await first.wait()
    assert not (new_home / "postgres/data").exists()

    await write_row(launch().admin_url, "after")

    assert not draft.exists()


async def test_a_stopped_launcher_leaves_nothing_running(home: Path, launch: Launch) -> None:
    launched = launch()

    launched.process.terminate()

    assert launched.process.wait(30) == 0
    assert not alive(launched.postmaster)
    assert not alive(launched.valkey)
    assert not sockets_of(home).exists()


def leave_pid_file(home: Path, pid: int) -> None:
    """What a server that was killed leaves, when the number has gone to another process since."""
    data = home / "postgres/data"
    (data / "postmaster.pid").write_text(f"{pid}\n{data}\n0\n5432\n/tmp\n\n0 0\nready\n")


async def test_a_pid_file_with_another_programs_number_is_stale_and_the_program_lives_on(home: Path) -> None:
    stranger = await asyncio.create_subprocess_exec("sleep", "600")
    leave_pid_file(home, stranger.pid)

    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        await write_row(servers.postgres_admin_url, "written")

    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()


@pytest.fixture
def zombie() -> Iterator[int]:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    while alive(pid):
        time.sleep(0.01)
    yield pid
    os.waitpid(pid, 0)


async def test_a_pid_file_of_a_zombie_is_stale(home: Path, zombie: int) -> None:
    leave_pid_file(home, zombie)

    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        await write_row(servers.postgres_admin_url, "written")


async def test_five_failures_in_a_minute_end_the_watch_with_the_logs_last_lines(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        with (home / "postgres/data/postgresql.conf").open("a") as settings:
            settings.write("shared_buffers = 'a lot'\n")
        os.kill(postmaster_of(home), signal.SIGKILL)

        with (
            caplog.at_level(logging.ERROR),
            pytest.raises(ServersFailed, match="invalid value for parameter"),
        ):
            await servers.watch()


async def test_a_server_that_never_starts_is_told_with_the_logs_last_lines(home: Path) -> None:
    with (home / "postgres/data/postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")

    with pytest.raises(ServersFailed, match="no_such_setting"):
        async with EmbeddedServers(home, max_connections=20, port=18080):
            pytest.fail("it started")

    assert not working_in(Postgres(open_home(home)).data, "postgres")
