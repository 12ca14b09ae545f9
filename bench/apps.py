"""Programs a bench runs beside itself: `python -m bench.apps <what> … <port>`.

`gateway` is the embedded form: the gateway before an app in its own process. `roles` is a service's relay,
consumers and jobs on a RabbitMQ whose queues have a prefix of the bench's own. The others are floors.
"""

import argparse
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import httpx2 as httpx
import uvicorn
from redis.asyncio import Redis
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.floors import select_app
from pfms_budget.app import SERVICE as BUDGET
from pfms_events.topology import packaged_topology
from pfms_events.transport.rabbit import RabbitTransport
from pfms_gateway.app import GatewaySettings, build_gateway, server_config
from pfms_gateway.upstream import HttpUpstream
from pfms_ledger.app import SERVICE as LEDGER
from pfms_service.loop import run
from pfms_service.main import serve
from pfms_service.roles import Shared, open_process

SERVICES = {service.name: service for service in (LEDGER, BUDGET)}
ANSWER_BYTES = 300
NO_LIMITS = {"*": 1_000_000_000}


async def fixed_answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The smallest service there is: 300 bytes."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % ANSWER_BYTES)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * ANSWER_BYTES})


async def gateway(options: argparse.Namespace) -> None:
    """The gateway before one service, or before `fixed_answer` when none is named, in one process."""
    settings = GatewaySettings.model_validate({"limits": NO_LIMITS})
    redis = Redis.from_url(options.redis)
    async with _upstream(options.service) as app:
        apps: dict[str, ASGIApp] = {"auth": HttpUpstream(options.keys), "ledger": app, "budget": app}
        await _serve_gateway(build_gateway(settings, apps, redis), options.port)


@asynccontextmanager
async def _upstream(name: str) -> AsyncIterator[ASGIApp]:
    if not name:
        yield fixed_answer
        return
    service = SERVICES[name]
    async with open_process(service, service.settings(), ["api"], topology=packaged_topology()) as process:
        yield process.app


async def _serve_gateway(app: ASGIApp, port: int) -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)  # as pfms_embedded.run does
    await uvicorn.Server(server_config(app, host="127.0.0.1", port=port)).serve()


async def roles(options: argparse.Namespace) -> None:
    """Relay, consumers and jobs of a service, as `serve --roles relay,consumers,jobs` starts them."""
    service = SERVICES[options.service]
    settings = service.settings()
    transport = RabbitTransport(settings.address("broker_url"), prefix=options.prefix)
    await transport.start()
    feeds = {name: httpx.AsyncClient(base_url=address) for name, address in settings.feeds.items()}
    shared = Shared(transport, packaged_topology(), feeds=feeds)
    opened = open_process(
        service, settings, options.roles.split(","), topology=packaged_topology(), shared=shared
    )
    async with opened as process:
        await serve(process.internal, "127.0.0.1", options.port)
    await transport.stop()


async def select(options: argparse.Namespace) -> None:
    async with select_app(options.ledger, options.budget) as app:
        await serve(app, "127.0.0.1", options.port)


type Program = Callable[[argparse.Namespace], Coroutine[None, None, None]]
PROGRAMS: dict[str, Program] = {"gateway": gateway, "roles": roles, "select": select}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.apps", description=__doc__)
    parser.add_argument("what", choices=list(PROGRAMS))
    for name in ("service", "roles", "prefix", "keys", "redis", "ledger", "budget"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    run(PROGRAMS[options.what](options))


if __name__ == "__main__":
    main()
