"""Opens and closes what a role needs, and nothing that it does not."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2 as httpx
from joserfc.jwk import OKPKey
from redis.asyncio import Redis

from pfms_common.clock import Clock, system_clock
from pfms_common.pagination import Cursors
from pfms_common.principal import Jwks, TokenVerifier
from pfms_common.problem import Unavailable
from pfms_common.settings import ServiceSettings
from pfms_common.sql import open_engine, open_pool, open_sessions, pool_size
from pfms_service.service import Resources, Service

JWKS_PATH = "/api/v1/auth/jwks"
PEER_TIMEOUT = httpx.Timeout(5, connect=1)
REDIS_SECONDS = 0.1
RELAY_CONNECTIONS = 3
INSECURE_SECRET = "only for development: 32 characters"  # noqa: S105  # refused where env is prod


@asynccontextmanager
async def open_resources(
    service: Service,
    settings: ServiceSettings,
    *,
    needs_relay: bool,
    poke: Callable[[], None],
    peers: Mapping[str, httpx.AsyncClient] | None = None,
    feeds: Mapping[str, httpx.AsyncClient] | None = None,
    clock: Clock = system_clock,
) -> AsyncIterator[Resources]:
    """The resources of one process of a service.

    Args:
        needs_relay: whether a role here finds work in every book (all but the api role).
        poke: wakes the relay after a commit.
        peers: clients of other services' APIs; by default from the addresses in the settings.
        feeds: the same for their feeds.
    """
    async with AsyncExitStack() as stack:
        url = settings.address("database_url")
        hot = settings.hot_pool_size or max(1, pool_size() * 3 // 4)
        core = settings.core_pool_size or max(1, pool_size() - hot)
        pool = await open_pool(url, hot)
        stack.push_async_callback(close_pool, pool)
        engine = open_engine(url, core)
        stack.push_async_callback(engine.dispose)
        # A running job holds the connection of its lock besides the one it works with.
        size = RELAY_CONNECTIONS + len(service.jobs)
        relay_pool = await open_pool(settings.address("relay_database_url"), size) if needs_relay else None
        if relay_pool is not None:
            stack.push_async_callback(close_pool, relay_pool)
        redis = _redis(settings)
        if redis is not None:
            stack.push_async_callback(redis.aclose)
        peers = peers if peers is not None else await _clients(stack, settings.peers)
        feeds = feeds if feeds is not None else await _clients(stack, settings.feeds)
        yield Resources(
            settings=settings,
            clock=clock,
            pool=pool,
            sessions=open_sessions(engine),
            relay_pool=relay_pool,
            redis=redis,
            tokens=TokenVerifier(Jwks(jwks_from(peers), clock), clock),
            cursors=Cursors(_cursor_secret(service, settings)),
            poke=poke,
            peers=peers,
            feeds=feeds,
            service_key=_service_key(settings),
        )


async def close_pool(pool: asyncpg.Pool) -> None:
    """Waits for work in flight, but never for a connection whose server is gone."""
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()


async def _clients(stack: AsyncExitStack, addresses: Mapping[str, str]) -> dict[str, httpx.AsyncClient]:
    return {
        name: await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=PEER_TIMEOUT))
        for name, address in addresses.items()
    }


def jwks_from(peers: Mapping[str, httpx.AsyncClient]) -> Callable[[], Any]:
    """Fetches auth's public keys through the peer client."""

    async def fetch() -> dict[str, Any]:
        if "auth" not in peers:
            raise Unavailable("No address of auth is set, so tokens cannot be verified.")
        response = await peers["auth"].get(JWKS_PATH)
        response.raise_for_status()
        document: dict[str, Any] = response.json()
        return document

    return fetch


def _redis(settings: ServiceSettings) -> Redis | None:
    url = settings.redis_url.get_secret_value()
    if not url:
        return None
    return Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)


def _cursor_secret(service: Service, settings: ServiceSettings) -> str:
    secret = settings.cursor_secret.get_secret_value()
    if settings.env == "prod" and len(secret) < 32:
        raise SystemExit(f"set {service.name.upper()}_CURSOR_SECRET to at least 32 characters")
    return secret or INSECURE_SECRET


def _service_key(settings: ServiceSettings) -> OKPKey | None:
    if not settings.service_key_file:
        return None
    return OKPKey.import_key(json.loads(Path(settings.service_key_file).read_text()))
