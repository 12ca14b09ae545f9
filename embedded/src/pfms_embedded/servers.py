"""Both embedded servers over one home folder, started, watched, started again when they die, and stopped."""

import asyncio
import logging
import subprocess
import time
from collections import deque
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pfms_embedded.home import locked, open_home
from pfms_embedded.keys import open_keys
from pfms_embedded.postgres import Postgres
from pfms_embedded.processes import StartFailed, exited, last_lines
from pfms_embedded.valkey import Valkey

FAILURES = 5
WINDOW_SECONDS = 60.0

logger = logging.getLogger(__name__)


class ServersFailed(Exception):
    """A server failed five times in a minute; the text ends with the last lines of its log."""


class Server(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def log(self) -> Path: ...
    async def start(self) -> subprocess.Popen[bytes]: ...
    async def stop(self, process: subprocess.Popen[bytes]) -> None: ...
    async def remove_leftovers(self) -> None: ...


async def keep_up(server: Server, up: asyncio.Event) -> None:
    """Keeps one server running until cancelled, then stops it. ``up`` is set while it answers.

    Raises ServersFailed at the fifth death or failed start in a minute.
    """
    failures: deque[float] = deque(maxlen=FAILURES)
    try:
        while True:
            await _run_once(server, up)
            failures.append(time.monotonic())
            if len(failures) == FAILURES and failures[-1] - failures[0] < WINDOW_SECONDS:
                raise ServersFailed(
                    f"{server.name} failed {FAILURES} times in a minute; {server.log} ends with:\n"
                    f"{last_lines(server.log)}"
                )
            await asyncio.sleep(0.1 * 2 ** len(failures))
    finally:
        await server.remove_leftovers()


async def _run_once(server: Server, up: asyncio.Event) -> None:
    try:
        process = await server.start()
    except StartFailed as failure:
        logger.warning("%s did not start: %s", server.name, failure)
        return
    up.set()
    try:
        await exited(process)
    finally:
        up.clear()
        await server.stop(process)
    logger.warning("%s ended by itself (%s); starting it again", server.name, process.returncode)


class EmbeddedServers:
    """Both servers, held for a block.

    ``async with EmbeddedServers(Path(".pfms"), max_connections=80, port=8080) as servers: …``
    ``port`` is the gateway's; a second start on the same folder is told it. Entering raises Refused where no start
    can help, ServersFailed where it did not. ``await servers.watch()`` never returns; it raises what ended the
    watch when a server can't be kept up.
    """

    def __init__(self, folder: Path, *, max_connections: int, port: int) -> None:
        self._folder, self._max_connections, self._port = folder, max_connections, port

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            home = open_home(self._folder)
            stack.enter_context(locked(home, self._port))
            self.keys = open_keys(home.path)
            self._postgres, self._valkey = Postgres(home, self._max_connections), Valkey(home)
            stack.callback(_remove_if_empty, home.sockets)
            self._watchers: list[asyncio.Task[None]] = []
            stack.push_async_callback(self._stop)
            await self._first_start([self._keep_up(server) for server in (self._postgres, self._valkey)])
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def postgres_admin_url(self) -> str:
        return self._postgres.admin_url

    @property
    def redis_url(self) -> str:
        return self._valkey.url

    def password_for(self, role: str) -> str:
        return self._postgres.password_for(role)

    async def watch(self) -> None:
        await asyncio.wait(self._watchers, return_when=asyncio.FIRST_COMPLETED)
        self._raise_failure()

    async def _first_start(self, servers: list[asyncio.Event]) -> None:
        started = asyncio.create_task(_all_up(servers))
        try:
            await asyncio.wait([started, *self._watchers], return_when=asyncio.FIRST_COMPLETED)
            self._raise_failure()
        finally:
            started.cancel()

    def _keep_up(self, server: Server) -> asyncio.Event:
        up = asyncio.Event()
        self._watchers.append(asyncio.create_task(keep_up(server, up), name=f"watch {server.name}"))
        return up

    def _raise_failure(self) -> None:
        for watcher in self._watchers:
            if watcher.done():
                watcher.result()

    async def _stop(self) -> None:
        """In reverse order; what a watcher had to say was raised by ``watch`` or by entering."""
        for watcher in reversed(self._watchers):
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # something of somebody else's lies there, or a cleaner was quicker
        folder.rmdir()


async def _all_up(servers: list[asyncio.Event]) -> None:
    for up in servers:
        await up.wait()
