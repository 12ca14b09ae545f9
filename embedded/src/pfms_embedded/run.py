"""The whole product in one process: both servers, every service with every role, the gateway in front."""

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import uvicorn
from redis.asyncio import Redis
from starlette.types import ASGIApp, Receive, Scope, Send

from pfms_common.sql import pool_size
from pfms_common.upgrade import upgrade
from pfms_embedded.addresses import database_urls
from pfms_embedded.home import Refused
from pfms_embedded.place import Place, settings_of
from pfms_embedded.servers import EmbeddedServers
from pfms_embedded.services import SERVICES, topology
from pfms_events.transport.memory import MemoryTransport
from pfms_gateway.app import GatewaySettings, build_gateway, server_config, telling
from pfms_service.provision import provision
from pfms_service.roles import ROLES, Process, Shared, open_process
from pfms_service.service import Service

# The app's pool, the relay's, the consumers' two, the relay leader's two and what a command may add.
CONNECTIONS_PER_SERVICE = 12
SPARE_CONNECTIONS = 20


def connections() -> int:
    """What PostgreSQL must allow: every pool at its largest, and room for an operator."""
    return len(SERVICES) * (pool_size() + CONNECTIONS_PER_SERVICE) + SPARE_CONNECTIONS


class _Late:
    """An app that is named before it exists: services call each other, so none can be made first."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            raise RuntimeError("this service has not started yet")
        await self.app(scope, receive, send)


@asynccontextmanager
async def product(home: Path, port: int) -> AsyncIterator[tuple[ASGIApp, EmbeddedServers]]:
    """The gateway's app over everything; leaving it stops all in reverse order.

    Args:
        home: the folder that keeps data and keys.
        port: the gateway's, for links in mails and the message to a second start.
    """
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(
            EmbeddedServers(home, max_connections=connections(), port=port)
        )
        for service in SERVICES:  # one after another: alembic keeps what it works on in globals
            await _prepare(service, servers)
        place = Place(
            home, port, servers.postgres_admin_url, servers.redis_url, servers.password_for, servers.keys
        )
        transport = MemoryTransport()
        apis, feeds = ({service.name: _Late() for service in SERVICES} for _ in range(2))
        shared = Shared(transport, topology(), await _clients(stack, apis), await _clients(stack, feeds))
        processes: dict[str, Process] = {}
        for service in SERVICES:
            settings = settings_of(service, place)
            process = await stack.enter_async_context(
                open_process(service, settings, ROLES, topology=shared.topology, shared=shared)
            )
            apis[service.name].app, feeds[service.name].app = process.app, process.internal
            processes[service.name] = process
        redis = Redis.from_url(servers.redis_url)
        stack.push_async_callback(redis.aclose)
        await stack.enter_async_context(telling(transport, redis))
        await transport.start()
        stack.push_async_callback(transport.stop)
        upstreams = {name: process.app for name, process in processes.items()}
        gateway = GatewaySettings.model_validate({"limit_pass": servers.keys.secret("limit-pass")})
        yield build_gateway(gateway, upstreams, redis), servers


async def _prepare(service: Service, servers: EmbeddedServers) -> None:
    """Makes the database where it is missing and brings it to the newest version."""
    await provision(servers.postgres_admin_url, service.name, servers.password_for)
    urls = database_urls(servers.postgres_admin_url, service.name, servers.password_for)
    await upgrade(service.package, urls["owner_database_url"])


async def _clients(stack: AsyncExitStack, apps: Mapping[str, ASGIApp]) -> dict[str, httpx.AsyncClient]:
    return {
        name: await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{name}")
        )
        for name, app in apps.items()
    }


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


async def _serve(server: uvicorn.Server, address: socket.socket) -> None:
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
