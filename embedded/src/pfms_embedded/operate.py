"""`pfms ledger check`, `pfms budget events parked` …: a service's own commands on a running PFMS."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2 as httpx
from fastapi import FastAPI

from pfms_common import logs
from pfms_common.sql import open_pool
from pfms_embedded.home import open_home, settings_from_environment
from pfms_embedded.keys import open_keys
from pfms_embedded.place import Place, settings_of
from pfms_embedded.postgres import PORT, Postgres
from pfms_embedded.services import SERVICES
from pfms_embedded.valkey import Valkey
from pfms_events.feed_api import feed_router
from pfms_service.app import tell_problems
from pfms_service.main import main
from pfms_service.resources import close_pool
from pfms_service.roles import verifier


def operate(name: str, arguments: Sequence[str]) -> None:
    """Runs a service's command with the addresses and keys of the home folder."""
    service = next((service for service in SERVICES if service.name == name), None)
    if service is None:
        names = ", ".join(service.name for service in SERVICES)
        sys.exit(f"pfms: there is no command or service {name}; the services are {names}")
    place = running_place()
    logs.configure("pfms", "WARNING")
    main(service, arguments, settings=settings_of(service, place), feeds=lambda: _feeds(place))


def running_place() -> Place:
    """The embedded run on PFMS_HOME; without one there is nothing to operate on."""
    path, port, _ = settings_from_environment()
    if not (path / "postgres").exists():
        sys.exit(f"{path} holds no data: `make run` makes it, PFMS_HOME names another folder")
    home = open_home(path)
    postgres = Postgres(home)
    if not (home.sockets / f".s.PGSQL.{PORT}").exists():
        sys.exit(f"nothing runs on {path}: start it with `make run`")
    return Place(path, port, postgres.admin_url, Valkey(home).url, postgres.password_for, open_keys(path))


@asynccontextmanager
async def _feeds(place: Place) -> AsyncIterator[Mapping[str, httpx.AsyncClient]]:
    """Every service's feed, read from its database here: the running process serves its own inside itself only."""
    async with AsyncExitStack() as stack:
        clients: dict[str, httpx.AsyncClient] = {}
        for service in SERVICES:
            settings = settings_of(service, place)
            pool = await open_pool(settings.address("relay_database_url"), 1)
            stack.push_async_callback(close_pool, pool)
            app = FastAPI(openapi_url=None)
            tell_problems(app)
            app.include_router(feed_router(pool, service.name, verifier(service, settings)))
            transport = httpx.ASGITransport(app)
            client = httpx.AsyncClient(transport=transport, base_url=f"http://{service.name}")
            clients[service.name] = await stack.enter_async_context(client)
        yield clients
