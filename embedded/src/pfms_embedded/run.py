"""`make run`: both servers, the whole product on them in this process, and the port it is reached at."""

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pfms_embedded.home import Refused
from pfms_embedded.servers import EmbeddedServers

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

MAX_CONNECTIONS = 260
"""What PostgreSQL allows: it starts before the services are known, so for twelve, each with 20 at most (the app's 8,
the relay's, the consumers' two, the relay leader's two and what a command may add), and 20 for an operator."""


@asynccontextmanager
async def product(home: Path, port: int) -> AsyncIterator[tuple["ASGIApp", EmbeddedServers]]:
    """The gateway's app over everything; leaving it stops all in reverse order.

    Args:
        home: the folder that keeps data and keys.
        port: the gateway's, for links in mails and the message to a second start.
    """
    # The servers start while Python loads the services; in a thread, as it is this loop that starts them.
    loading = asyncio.create_task(asyncio.to_thread(import_module, "pfms_embedded.product"))
    async with EmbeddedServers(home, max_connections=MAX_CONNECTIONS, port=port) as servers:
        await loading
        from pfms_embedded.product import services_on  # noqa: PLC0415  # loaded by now

        async with services_on(servers, home, port) as app:
            yield app, servers


async def run(home: Path, port: int, host: str) -> None:
    """Serves until SIGINT or SIGTERM, or until a server can't be kept up."""
    first = not (home / "postgres").exists()
    address = _listen(host, port)
    print(f"PFMS starts in {home}{' for the first time' if first else ''} …", flush=True)  # noqa: T201  # the terminal
    async with product(home, port) as (app, servers):
        # What is loaded now lives as long as the process: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 50, 50)
        gc.enable()
        import uvicorn  # noqa: PLC0415  # loaded by now, with the services

        from pfms_gateway.app import server_config  # noqa: PLC0415

        server = uvicorn.Server(server_config(app, host=host, port=port))
        serving = asyncio.create_task(_serve(server, address))
        watching = asyncio.create_task(servers.watch())
        while not server.started and not serving.done():  # noqa: ASYNC110  # uvicorn tells it by no event
            await asyncio.sleep(0.005)
        if server.started:
            print(_welcome(host, port, first=first), flush=True)  # noqa: T201  # the terminal
        await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        watching.cancel()
        if watching.done() and not watching.cancelled():
            watching.result()
    print("PFMS has stopped.", flush=True)  # noqa: T201  # the terminal


def _listen(host: str, port: int) -> socket.socket:
    """Takes the port before anything is started, so that a taken one is told at once."""
    try:
        return socket.create_server((host, port), backlog=2048, reuse_port=False)
    except OSError as error:
        raise Refused(
            f"{host}:{port} cannot be used ({error.strerror}): choose another port with PFMS_PORT"
        ) from error


async def _serve(server: "uvicorn.Server", address: socket.socket) -> None:
    """uvicorn takes SIGINT and SIGTERM, ends cleanly and then raises the signal again: here that is the end."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in handlers:
        signal.signal(number, lambda *_: None)
    try:
        await server.serve(sockets=[address])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _welcome(host: str, port: int, *, first: bool) -> str:
    lines = [
        f"PFMS is ready at http://{host}:{port}",
        f"  API documentation   http://{host}:{port}/docs",
        f"  mails it sent       http://{host}:{port}/api/v1/mailbox",
    ]
    if first:
        lines.append("  a household to look at: run `make demo` in another terminal")
    return "\n".join([*lines, "Stop it with Ctrl-C."])
