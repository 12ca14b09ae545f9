"""The command line of every service: `python -m pfms_<name> …`."""

import argparse
import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2 as httpx
import uvicorn
from starlette.types import ASGIApp

from pfms_common import logs, tracing
from pfms_common.settings import ServiceSettings
from pfms_common.upgrade import upgrade_now
from pfms_events import operators
from pfms_events.rebuild import rebuild
from pfms_events.topology import packaged_topology
from pfms_service.app import build_app
from pfms_service.loop import run
from pfms_service.provision import ROLES as PROVISIONED
from pfms_service.provision import provision
from pfms_service.resources import open_resources
from pfms_service.roles import ROLES, feed_clients, open_process
from pfms_service.service import Running, Service

type Feeds = Callable[[], AbstractAsyncContextManager[Mapping[str, httpx.AsyncClient]]]


def main(
    service: Service,
    arguments: Sequence[str] | None = None,
    *,
    settings: ServiceSettings | None = None,
    feeds: Feeds | None = None,
) -> None:
    """Reads the command and its settings, and runs it.

    Args:
        arguments: the command line; by default this process's.
        settings: by default those of the environment.
        feeds: clients of other services' feeds; by default at the addresses in the settings.
    """
    options = _parser(service).parse_args(arguments)
    options.feeds = feeds
    if options.command == "openapi":
        json.dump(build_app(service).openapi(), sys.stdout, indent=2, sort_keys=True)
        return
    settings = settings or service.settings()
    logs.configure(service.name, settings.log_level)
    if options.command in service.commands:
        print(service.commands[options.command].run(settings))  # noqa: T201  # a command's answer
        return
    commands: dict[str, Command] = {
        "serve": _serve,
        "provision": _provision,
        "migrate": _migrate,
        "events": _events,
        "rebuild": _rebuild,
        "check": _check,
    }
    run(commands[options.command](service, settings, options))


type Command = Callable[[Service, ServiceSettings, argparse.Namespace], Coroutine[Any, Any, None]]


def _parser(service: Service) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {service.package}", description=service.summary)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run roles until SIGTERM")
    serve.add_argument("--roles", default=",".join(ROLES), help=f"of {','.join(ROLES)} (all)")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, required=True)
    make = commands.add_parser("provision", help="make the database and the three roles")
    make.add_argument("--admin-url", required=True, help="a PostgreSQL address that may create both")
    commands.add_parser("migrate", help="bring the database to the newest version")
    events = commands.add_parser("events", help="look after events")
    events.add_argument("action", choices=["declare", "parked", "retry", "drop", "fill"])
    events.add_argument("--event", type=UUID, help="one event; without it, all parked ones")
    for name, text in (("rebuild", "make rows again from events"), ("check", "try the invariants")):
        commands.add_parser(name, help=text).add_argument(
            "--book", type=UUID, help="one book; without it, all"
        )
    commands.add_parser("openapi", help="print the OpenAPI document")
    for name, command in service.commands.items():
        commands.add_parser(name, help=command.help)
    return parser


async def _provision(service: Service, settings: ServiceSettings, options: argparse.Namespace) -> None:
    """Passwords are those of the three addresses in the settings."""
    passwords = {
        f"{service.name}_{role}": urlsplit(settings.address(name)).password or ""
        for role, name in zip(
            PROVISIONED, ("owner_database_url", "database_url", "relay_database_url"), strict=True
        )
    }
    await provision(options.admin_url, service.name, passwords.__getitem__)


async def _migrate(service: Service, settings: ServiceSettings, _options: argparse.Namespace) -> None:
    await asyncio.to_thread(upgrade_now, service.package, settings.address("owner_database_url"))


async def _serve(service: Service, settings: ServiceSettings, options: argparse.Namespace) -> None:
    roles = options.roles.split(",")
    if unknown := set(roles) - set(ROLES):
        raise SystemExit(f"there is no role {', '.join(sorted(unknown))}; there are {', '.join(ROLES)}")
    tracing.start()
    async with open_process(service, settings, roles, topology=packaged_topology()) as process:
        app = process.app if "api" in roles else process.internal
        await serve(app, options.host, options.port)
    tracing.stop()


@asynccontextmanager
async def _running(
    service: Service, settings: ServiceSettings, options: argparse.Namespace
) -> AsyncIterator[Running]:
    """The service without any role, for a command."""
    async with AsyncExitStack() as stack:
        feeds = await stack.enter_async_context(options.feeds()) if options.feeds else None
        resources = await stack.enter_async_context(
            open_resources(service, settings, needs_relay=True, poke=lambda: None, feeds=feeds)
        )
        yield Running(resources, await stack.enter_async_context(service.own(resources)))


async def _events(service: Service, settings: ServiceSettings, options: argparse.Namespace) -> None:
    if options.action == "declare":
        from pfms_events.transport.declare import declare  # noqa: PLC0415  # only this command talks to a broker

        await declare(settings.address("broker_url"), packaged_topology())
        return
    async with _running(service, settings, options) as running:
        pool, relay_pool = running.resources.pool, running.resources.relay_pool
        if relay_pool is None:
            raise RuntimeError("a command opens a relay pool")
        feeds = feed_clients(service, running.resources)
        if options.action == "fill":
            for subscription in service.subscriptions:
                filled = await operators.fill_now(
                    pool, relay_pool, subscription, feeds[subscription.producer]
                )
                print(f"{subscription.name}: {filled} events filled")  # noqa: T201  # a command's answer
            return
        rows = [row for row in await operators.parked(relay_pool) if options.event in {None, row.event_id}]
        if options.action == "parked":
            for row in rows:
                print(json.dumps({name: str(getattr(row, name)) for name in row.__slots__}))  # noqa: T201  # as above
        elif options.action == "retry":
            print(f"{await operators.retry(pool, rows)} events will be tried again")  # noqa: T201  # as above
        else:
            dropped = [
                await operators.drop(
                    pool, subscription, [row for row in rows if row.consumer == subscription.name]
                )
                for subscription in service.subscriptions
            ]
            print(f"{sum(dropped)} events dropped")  # noqa: T201  # as above


async def _rebuild(service: Service, settings: ServiceSettings, options: argparse.Namespace) -> None:
    """A projection from its producer's feed; the ledger's own rows from its own events."""
    async with _running(service, settings, options) as running:
        feeds = feed_clients(service, running.resources)
        chosen = [options.book] if options.book else None
        for subscription in service.subscriptions:
            if subscription.fold is not None:
                streams = await rebuild(
                    running.resources.pool, subscription, feeds[subscription.producer], chosen
                )
                print(f"{subscription.name}: {streams} books rebuilt")  # noqa: T201  # a command's answer
        if service.rebuild is not None:
            for book_id in chosen or await _books(running):
                differing = await service.rebuild(running, book_id)
                print(f"{book_id}: {differing} rows differed")  # noqa: T201  # as above


async def _check(service: Service, settings: ServiceSettings, options: argparse.Namespace) -> None:
    """Ends with status 1 when anything is broken."""
    if service.check is None:
        raise SystemExit(f"{service.name} promises no invariants of its own")
    async with _running(service, settings, options) as running:
        broken = [
            f"{book_id}: {fault}"
            for book_id in ([options.book] if options.book else await _books(running))
            for fault in await service.check(running, book_id)
        ]
    print("\n".join(broken) or "everything holds")  # noqa: T201  # a command's answer
    if broken:
        raise SystemExit(1)


async def _books(running: Running) -> list[UUID]:
    """Every stream of the service's own log."""
    if running.resources.relay_pool is None:
        raise RuntimeError("a command opens a relay pool")
    rows = await running.resources.relay_pool.fetch("SELECT stream_id FROM stream_head ORDER BY stream_id")
    return [row["stream_id"] for row in rows]


async def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM, then finishes what is under way, at most 20 s."""
    # What is loaded now lives as long as the process: the collector need not walk it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=20,
    )
    await uvicorn.Server(config).serve()
