"""Every service with every role and the gateway in front, in this process, on servers that run."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2 as httpx
from redis.asyncio import Redis
from starlette.types import ASGIApp, Receive, Scope, Send

from pfms_common.upgrade import upgrade
from pfms_embedded.addresses import database_urls
from pfms_embedded.place import Place, settings_of
from pfms_embedded.servers import EmbeddedServers
from pfms_embedded.services import SERVICES, topology
from pfms_events.transport.memory import MemoryTransport
from pfms_gateway.app import GatewaySettings, build_gateway, telling
from pfms_service.provision import provision
from pfms_service.roles import ROLES, Process, Shared, open_process
from pfms_service.service import Service


class _Late:
    """An app that is named before it exists: services call each other, so none can be made first."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            raise RuntimeError("this service has not started yet")
        await self.app(scope, receive, send)


@asynccontextmanager
async def services_on(servers: EmbeddedServers, home: Path, port: int) -> AsyncIterator[ASGIApp]:
    """The gateway's app over all services; leaving it stops them in reverse order.

    Args:
        home: the folder that keeps data and keys.
        port: the gateway's, for links in mails.
    """
    async with AsyncExitStack() as stack:
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
        yield build_gateway(gateway, upstreams, redis)


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
