"""One leader per service: an advisory lock on a session of its own that beats each second.

A stopped process (SIGSTOP, a paused machine) keeps its lock for ever; with `idle_session_timeout` the database
ends its session after five seconds without a beat, and another takes over.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from pfms_common.sql import CONNECT_SECONDS, GONE

BEAT_SECONDS = 1
_IDLE_SESSION = "5s"
_DATABASE_ERRORS = (*GONE, TimeoutError, asyncpg.PostgresError)

_log = structlog.get_logger(__name__)


async def lead(
    url: str, lock: str, channel: str, wake: asyncio.Event, work: Callable[[], Awaitable[None]]
) -> None:
    """Waits for the lock, then runs `work` until the lock's session is lost or work fails; for ever.

    `wake` is set whenever somebody notifies `channel`. An error of ours is logged and does not end it either: else
    nobody would lead until the process is started again.
    """
    while True:
        try:
            await _term(url, lock, channel, wake, work)
        except* _DATABASE_ERRORS as group:
            _log.warning("events.leadership_lost", lock=lock, error=repr(group.exceptions[0]))
        except* Exception:  # noqa: BLE001  # logged with its traceback, and tried again where all can see it
            _log.exception("events.leader_failed", lock=lock)
        await asyncio.sleep(BEAT_SECONDS)


async def _term(
    url: str, lock: str, channel: str, wake: asyncio.Event, work: Callable[[], Awaitable[None]]
) -> None:
    session = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=CONNECT_SECONDS,
        server_settings={"idle_session_timeout": _IDLE_SESSION, "application_name": f"{lock} leader"},
    )
    try:
        while True:
            if await session.fetchval("SELECT pg_try_advisory_lock(hashtext($1))", lock):
                break
            await asyncio.sleep(BEAT_SECONDS)
        await session.add_listener(channel, lambda *_: wake.set())
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(_beat(session))
            await work()
            beating.cancel()
    finally:
        with contextlib.suppress(*_DATABASE_ERRORS):
            session.terminate()


async def _beat(session: asyncpg.Connection) -> None:
    while True:
        await session.execute("SELECT 1")
        await asyncio.sleep(BEAT_SECONDS)
