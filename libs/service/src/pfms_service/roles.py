"""Roles: what one process of a service does. Each opens only what it needs; embedded enters the same ones.

api serves the routes; relay publishes what is unsent and serves the feed; consumers apply other services' events;
jobs run by the clock.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
from fastapi import FastAPI, Request
from joserfc.jwk import OKPKey
from starlette.types import ASGIApp

from pfms_common.clock import Clock, system_clock
from pfms_common.principal import service_token, verify_service_token
from pfms_common.problem import Unauthenticated
from pfms_common.settings import ServiceSettings
from pfms_common.sql import open_pool
from pfms_events.consumer import SESSION, consumers
from pfms_events.feed import FeedClient
from pfms_events.feed_api import feed_router
from pfms_events.outbox import notifier
from pfms_events.relay import relay
from pfms_events.topology import Topology
from pfms_events.transport import Transport
from pfms_service.app import Edge, attach, build_app, tell_problems
from pfms_service.health import health_router
from pfms_service.jobs import run_jobs
from pfms_service.resources import close_pool, open_resources
from pfms_service.service import Resources, Running, Service

ROLES = ("api", "relay", "consumers", "jobs")
FEED_SCOPE = "feed"
CONSUMER_CONNECTIONS = 2


@dataclass(frozen=True, slots=True)
class Shared:
    """What embedded hands to every service instead of addresses: it holds them all in one process.

    Args:
        transport: one for all services.
        topology: of all subscriptions in the process.
        peers, feeds: clients that call the other services' apps without a socket.
    """

    transport: Transport
    topology: Topology
    peers: Mapping[str, httpx.AsyncClient] = field(default_factory=dict)
    feeds: Mapping[str, httpx.AsyncClient] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    """A running process of a service.

    Args:
        app: the routes, where the api role is among its roles, and health; else health alone.
        internal: health and the feed.
    """

    app: ASGIApp
    internal: ASGIApp
    running: Running


@asynccontextmanager
async def open_process(
    service: Service,
    settings: ServiceSettings,
    roles: Sequence[str],
    *,
    topology: Topology,
    shared: Shared | None = None,
    clock: Clock = system_clock,
) -> AsyncIterator[Process]:
    """Enters the roles of a service; leaving it drains and closes them in reverse."""
    if not settings.broker_url.get_secret_value() and shared is None and set(roles) != {"api"}:
        raise SystemExit(
            f"set {service.name.upper()}_BROKER_URL: without a broker all roles of all services"
            " must run in one process (python -m pfms_embedded run)"
        )
    async with AsyncExitStack() as stack:
        wake = asyncio.Event() if shared is not None or "relay" in roles else None
        poke = (
            wake.set if wake else await stack.enter_async_context(notifier(settings.address("database_url")))
        )
        resources = await stack.enter_async_context(
            open_resources(
                service,
                settings,
                needs_relay=set(roles) != {"api"},
                poke=poke,
                peers=shared.peers if shared else None,
                feeds=shared.feeds if shared else None,
                clock=clock,
            )
        )
        running = Running(resources, await stack.enter_async_context(service.own(resources)))
        checks: list[Callable[[], Awaitable[None]]] = [lambda: _database_answers(running)]
        app, internal = build_app(service), FastAPI(openapi_url=None)
        tell_problems(internal)
        attach(app, resources, running.own)
        if set(roles) != {"api"}:
            transport = shared.transport if shared else await _broker(stack, settings)
            if resources.relay_pool is None:
                raise RuntimeError("every role but api opens a relay pool")
            if "consumers" in roles and service.subscriptions:
                applying = await open_pool(settings.address("database_url"), CONSUMER_CONNECTIONS, **SESSION)
                stack.push_async_callback(close_pool, applying)
                consuming = await stack.enter_async_context(
                    consumers(
                        applying,
                        resources.relay_pool,
                        transport,
                        service.subscriptions,
                        peers=feed_clients(service, resources),
                        poke=resources.poke,
                    )
                )
                checks.append(_healthy(consuming.healthy, "a consumer is not being served"))
            if "relay" in roles:
                state = await stack.enter_async_context(
                    relay(
                        settings.address("relay_database_url"),
                        transport,
                        source=service.name,
                        topology=topology,
                        wake=wake,
                    )
                )
                checks.append(_healthy(lambda: state.alive, "the relay has stopped"))
                verify = verifier(service, settings, clock)
                internal.include_router(feed_router(resources.relay_pool, service.name, verify))
            if "jobs" in roles:
                await stack.enter_async_context(run_jobs(service.jobs, running))
        for part in (app, internal):
            part.include_router(health_router(checks), include_in_schema=False)
        yield Process(Edge(app, service.name), Edge(internal, service.name), running)


async def _broker(stack: AsyncExitStack, settings: ServiceSettings) -> Transport:
    from pfms_events.transport.rabbit import RabbitTransport  # noqa: PLC0415  # one process has no broker to load it for

    transport = RabbitTransport(settings.address("broker_url"))
    await transport.start()
    stack.push_async_callback(transport.stop)
    return transport


async def _database_answers(running: Running) -> None:
    async with asyncio.timeout(1):
        await running.resources.pool.fetchval("SELECT 1")


def _healthy(holds: Callable[[], bool], otherwise: str) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        if not holds():
            raise RuntimeError(otherwise)

    return check


def feed_clients(service: Service, resources: Resources) -> dict[str, FeedClient]:
    """One client per producer, each showing a service token for the feed."""

    def token_for(target: str) -> Callable[[UUID | None], str]:
        def token(stream_id: UUID | None) -> str:
            key = resources.service_key
            if key is None:
                raise SystemExit(
                    f"set {service.name.upper()}_SERVICE_KEY_FILE: the feed of {target} asks for a token"
                )
            return service_token(key, service.name, target, [FEED_SCOPE], stream_id=stream_id)

        return token

    return {name: FeedClient(client, token_for(name)) for name, client in resources.feeds.items()}


def verifier(
    service: Service, settings: ServiceSettings, clock: Clock = system_clock
) -> Callable[[Request], Awaitable[None]]:
    """Refuses a request to /internal/* that shows no service token for it."""
    keys = {name: OKPKey.import_key(_jwk(key)) for name, key in settings.service_public_keys.items()}
    by_kid = {str(key.kid): key for key in keys.values()} | keys

    async def verify(request: Request) -> None:
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise Unauthenticated("Send a service token.")
        await verify_service_token(text, by_kid, target=service.name, scope=FEED_SCOPE, clock=clock)

    return verify


def _jwk(key: dict[str, Any] | str) -> dict[str, Any]:
    """A public key as JWK, or the path of a file that holds one."""
    if isinstance(key, dict):
        return key
    loaded: dict[str, Any] = json.loads(Path(key).read_text())
    return loaded
