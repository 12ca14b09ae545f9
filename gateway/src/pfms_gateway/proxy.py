"""From a found route to its service: breaker, room for the exchange, the request as the service sees it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Scope

from pfms_common import logs
from pfms_common.problem import Busy, Refusal, Unavailable
from pfms_gateway.breaker import REST_SECONDS, Breaker
from pfms_gateway.exchange import Exchange
from pfms_gateway.headers import Headers
from pfms_gateway.routes import Found

ROOM_SECONDS = 1.0

_log = logs.get("gateway.proxy")


class UpstreamDown(Exception):
    """No connection to a service, or it was lost before the answer was complete."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One service behind the gateway."""

    name: str
    app: ASGIApp
    breaker: Breaker
    room: asyncio.Semaphore

    async def close(self) -> None:
        aclose = getattr(self.app, "aclose", None)  # has it who holds connections
        if aclose is not None:
            await aclose()


def backends(upstreams: Mapping[str, ASGIApp], exchanges: int) -> dict[str, Backend]:
    return {
        name: Backend(name, app, Breaker(), asyncio.Semaphore(exchanges)) for name, app in upstreams.items()
    }


def request_for_service(scope: Scope, found: Found, headers: Headers) -> Scope:
    """The request as the service sees it: the whole path, the prefix as `root_path`, HEAD as GET."""
    return {
        **scope,
        "method": "GET" if scope["method"] == "HEAD" else scope["method"],
        "path": found.path,
        "raw_path": found.path.encode(),
        "root_path": found.prefix,
        "headers": headers,
    }


async def forward(backend: Backend, request: Scope, exchange: Exchange) -> None:
    """Runs one exchange. Raises what the client should be told when nothing was sent yet.

    An answer that breaks off in the middle raises `UpstreamDown`: the server then cuts the client's connection,
    so that half a body never passes for a whole one.
    """
    if not backend.breaker.admits():
        raise _resting(backend)
    await _enter(backend)
    exchange.start_clock()
    try:
        await backend.app(request, exchange.receive, exchange.send)
    except UpstreamDown as error:
        exchange.outcome = "failed"
        _log.warning("a service failed", service=backend.name, error=str(error))
        if exchange.status:
            raise
        refusal: Refusal = Unavailable("The service that answers this is away; try again soon.")
        raise refusal from error
    finally:
        exchange.stop_clock()
        backend.room.release()
        _note(backend, exchange)
        if exchange.given_up is not None:
            await exchange.given_up


async def _enter(backend: Backend) -> None:
    """Waits for room a moment, so that a burst is served; a service that is stuck does not collect a queue."""
    if not backend.room.locked():
        await backend.room.acquire()
        return
    try:
        async with asyncio.timeout(ROOM_SECONDS):
            await backend.room.acquire()
    except TimeoutError as error:
        backend.breaker.undecided()
        raise Busy("Too many requests are under way in this part; try again.") from error


def _note(backend: Backend, exchange: Exchange) -> None:
    was_open = backend.breaker.is_open
    match exchange.outcome:
        case "answered":
            backend.breaker.succeeded()
        case "failed":
            backend.breaker.failed()
        case "undecided":
            backend.breaker.undecided()
    if backend.breaker.is_open != was_open:
        _log.warning("circuit breaker", service=backend.name, open=backend.breaker.is_open)


def _resting(backend: Backend) -> Unavailable:
    return Unavailable(
        f"The part '{backend.name}' keeps failing and is left alone for a moment; try again soon.",
        extra={"headers": {"Retry-After": f"{REST_SECONDS:.0f}"}},
    )
