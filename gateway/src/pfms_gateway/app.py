"""The gateway as one ASGI app. The order of its checks is the order of the lines in `Gateway._serve`."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache

import orjson
from prometheus_client import Histogram
from redis.asyncio import Redis
from starlette.types import ASGIApp, Receive, Scope, Send

from pfms_common import logs, telemetry, tracing
from pfms_common.clock import Clock, system_clock
from pfms_common.principal import Jwks, TokenVerifier
from pfms_common.problem import (
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from pfms_events.transport import Transport
from pfms_gateway import auth, client, live, openapi, pages
from pfms_gateway.allowance import Sign
from pfms_gateway.auth import Caller, Callers
from pfms_gateway.compress import accepts_gzip
from pfms_gateway.cors import Cors
from pfms_gateway.exchange import Deadlines, Exchange
from pfms_gateway.headers import ANSWER, MAX_HEADER_BYTES, Headers, Incoming, read_headers
from pfms_gateway.live import Live, TooSlow
from pfms_gateway.news import News
from pfms_gateway.openapi import merge
from pfms_gateway.problems import HeadersTooLarge, NotOffered, UriTooLong, send_problem
from pfms_gateway.proxy import Backend, UpstreamDown, backends, forward, request_for_service
from pfms_gateway.ratelimit import Limiter
from pfms_gateway.routes import OWN, Found, RouteTable
from pfms_gateway.server import server_config
from pfms_gateway.settings import GatewaySettings
from pfms_gateway.teller import QUEUES, telling

__all__ = [
    "QUEUES",
    "Gateway",
    "GatewaySettings",
    "build_gateway",
    "merge",
    "server_config",
    "telling",
]

MAX_URI_BYTES = 8 * 1024
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
ENDED_DETAIL = {
    "session": "This session was ended; sign in again.",
    "part": "Your part in this book has changed; refresh the token.",
}
PAGE_METHODS = "GET, HEAD, OPTIONS"

_log = logs.get("gateway")


def build_gateway(
    settings: GatewaySettings,
    upstreams: Mapping[str, ASGIApp],
    redis: "Redis | None" = None,
    *,
    broker: Transport | None = None,
    clock: Clock = system_clock,
) -> "Gateway":
    """The gateway before these services (name → ASGI app), of which `auth` also has the keys for tokens.

    `broker`: where this process hears what changes, for live updates; without it another one does.
    """

    async def fetch_keys() -> dict[str, object]:
        answer = await client.get(upstreams["auth"], "/auth/jwks")
        if answer.status != 200:
            raise LookupError(f"auth answered {answer.status} for its keys")
        keys: dict[str, object] = orjson.loads(answer.body)
        return keys

    keys = Jwks(fetch_keys, clock)
    return Gateway(
        settings=settings,
        table=RouteTable(),
        backends=backends(upstreams, settings.exchanges),
        callers=Callers(TokenVerifier(keys, clock), clock),
        limiter=Limiter(redis, settings.limits, prefix=settings.redis_prefix, replicas=settings.replicas),
        deadlines=Deadlines(),
        cors=Cors(settings.cors_origins),
        readiness=pages.Readiness(upstreams, keys),
        live=Live(News(redis, settings.redis_prefix), clock) if redis is not None else None,
        hearing=lambda: _hearing(broker, redis, settings.redis_prefix),
        clock=clock,
    )


@asynccontextmanager
async def _hearing(broker: Transport | None, redis: "Redis | None", prefix: str) -> AsyncIterator[None]:
    if broker is None or redis is None:
        yield
        return
    await broker.start()
    try:
        async with telling(broker, redis, prefix):
            yield
    finally:
        await broker.stop()


@dataclass(slots=True)
class _Request:
    """What is known of a request from its first line and headers.

    Args:
        path: as it was sent; percent-encoding is judged, not decoded.
        own: headers of the answer that the gateway says, whoever answers.
    """

    scope: Scope
    receive: Receive
    send: Send
    method: str
    path: str
    incoming: Incoming
    trace: telemetry.Trace
    address: str
    own: Headers
    clock: Clock

    async def refuse(self, refusal: Refusal | None) -> int:
        own = self.own
        if b"expect" in self.incoming.read:
            own = [*own, (b"connection", b"close")]
        return await send_problem(
            self.send,
            refusal,
            instance=self.scope["path"],
            request_id=self.trace.request_id,
            own=own,
            clock=self.clock,
        )


@dataclass(frozen=True, slots=True)
class Gateway:
    """Routes, authenticates, counts, protects; holds no rule of the business and no database."""

    settings: GatewaySettings
    table: RouteTable
    backends: Mapping[str, Backend]
    callers: Callers
    limiter: Limiter
    deadlines: Deadlines
    cors: Cors
    readiness: pages.Readiness
    live: Live | None
    hearing: Callable[[], AbstractAsyncContextManager[None]]
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "WebSockets are not offered."})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        refusal: Refusal | None = None
        try:
            incoming = read_headers(scope["headers"])
        except Invalid as error:
            incoming, refusal = Incoming([], {}, 0), error
        request = self._request(scope, receive, send, incoming)
        hop = tracing.hop("gateway", request.trace, incoming.read.items())
        found = self.table.find(request.path)
        try:
            status = await (request.refuse(refusal) if refusal else self._serve(request, found))
        except Refusal as error:
            status = await request.refuse(error)
        label = found.route.pattern if found else "page" if request.path in pages.PATHS else "unknown"
        method = request.method if request.method in METHODS else "OTHER"
        _timer(method, label, status).observe(time.perf_counter() - started)
        if hop is not None:
            hop.end(method, label, status)

    def _request(self, scope: Scope, receive: Receive, send: Send, incoming: Incoming) -> _Request:
        text = incoming.text
        trace = telemetry.enter(text(b"x-request-id"), text(b"traceparent"))
        address = auth.client_address(scope, text(b"x-forwarded-for"), self.settings.trusted_proxies)
        own = [*ANSWER, (b"x-request-id", trace.request_id.encode())]
        own += self.cors.headers(incoming.read.get(b"origin"))
        path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        method = scope["method"]
        return _Request(scope, receive, send, method, path, incoming, trace, address, own, self.clock)

    async def _serve(self, request: _Request, found: Found | None) -> int:
        """Answers, and returns the status; raises what to refuse with."""
        _check_head(request)
        if request.method == "OPTIONS":
            return await self._options(request, found)
        if found is None:
            return await self._page(request)
        if request.method not in METHODS:
            raise _not_offered(_allowed(found) or ", ".join(sorted(METHODS)))
        backend = self.backends.get(found.route.service)
        if backend is None and found.route.service != OWN:
            raise NotFound("Nothing answers at this path.")
        caller = await self._caller(request, found)
        kind = auth.rate_class(found.route, request.method, caller)
        try:
            book = caller.book(request.incoming.text(b"book-id"))
        except Forbidden:
            await self._count(request, caller.sign(kind, None))
            raise
        await self._count(request, caller.sign(kind, book))
        if backend is None:
            return await self._live(request, found, caller)
        return await self._exchange(request, found, backend, book)

    async def _live(self, request: _Request, found: Found, caller: Caller) -> int:
        if found.path != found.prefix + found.route.pattern:
            raise NotFound("Nothing answers at this path.")
        if request.method not in {"GET", "HEAD"}:
            raise _not_offered(PAGE_METHODS)
        if self.live is None:
            raise Unavailable("Live updates need Redis, of which this gateway was told none.")
        if request.method == "HEAD":
            headers = [*request.own, *live.HEADERS]
            await request.send({"type": "http.response.start", "status": 200, "headers": headers})
            await request.send({"type": "http.response.body", "body": b"", "more_body": False})
            return 200
        try:
            await self.live.serve(
                request.receive,
                request.send,
                own=request.own,
                caller=caller,
                last_event_id=request.incoming.text(b"last-event-id"),
            )
        except TooSlow as error:
            _log.info("a client of live updates was dropped", why=str(error))
            request.scope["pfms.cut"]()
            await asyncio.sleep(0)  # then the server knows that nobody is there any more
        return 200

    async def _caller(self, request: _Request, found: Found) -> Caller:
        """Who asks. A wrong token costs its sender as much as no token."""
        method = "GET" if request.method == "HEAD" else request.method
        if method in found.route.public:
            return auth.anonymous(request.address)  # a token is not looked at: it may have expired
        authorization = request.incoming.read.get(b"authorization", b"")
        try:
            return self.callers.known(authorization) or await self.callers.verified(authorization)
        except Unauthenticated:
            await self._count(request, auth.anonymous(request.address).sign("anonymous", None))
            raise

    async def _count(self, request: _Request, sign: Sign) -> None:
        verdict = await self.limiter.take(sign)
        request.own += verdict.headers()
        if verdict.ended:
            raise Unauthenticated(ENDED_DETAIL[verdict.ended])
        if verdict.spent < 0 and not self._has_pass(request):
            raise TooMany(
                f"At most {verdict.rate.limit} requests a minute; wait {verdict.retry_after} s.",
                extra={"headers": {"Retry-After": str(verdict.retry_after)}},
            )

    def _has_pass(self, request: _Request) -> bool:
        """Whoever runs this deployment may fill it faster than a person types; a revoked session stays out."""
        own, sent = (
            self.settings.limit_pass.get_secret_value(),
            request.incoming.read.get(b"x-limit-pass", b""),
        )
        return bool(own) and hmac.compare_digest(own.encode(), sent)

    async def _exchange(self, request: _Request, found: Found, backend: Backend, book: str | None) -> int:
        route, incoming = found.route, request.incoming
        if int(incoming.read.get(b"content-length", 0)) > route.body:
            raise TooLarge(f"At most {route.body} bytes are taken here.")
        exchange = Exchange(
            request.receive,
            request.send,
            refuse=request.refuse,
            own=request.own,
            body_limit=route.body,
            seconds=route.timeout or self.settings.timeout,
            deadlines=self.deadlines,
            may_pack=accepts_gzip(incoming.read.get(b"accept-encoding", b"")),
        )
        headers = incoming.passed + _said_by_gateway(request, book)
        try:
            await forward(backend, request_for_service(request.scope, found, headers), exchange)
        except Exception as error:
            if isinstance(error, Refusal):
                raise
            if not isinstance(error, UpstreamDown):  # which `forward` has told of
                _log.exception("a service raised", service=backend.name, path=request.path)
            if exchange.status == 0 and not exchange.is_over:
                return await request.refuse(None)
            if not exchange.finished and not exchange.is_over:
                raise
        return exchange.given_up.result() if exchange.given_up else exchange.status

    async def _options(self, request: _Request, found: Found | None) -> int:
        read = request.incoming.read
        if b"origin" in read and b"access-control-request-method" in read:
            headers = self.cors.preflight(read[b"origin"])
            if headers is None:
                raise Forbidden("This origin may not call from a browser.")
            own = [pair for pair in request.own if pair not in self.cors.headers(read[b"origin"])]
            headers = own + headers
        else:
            allow = _allowed(found) if found else PAGE_METHODS if request.path in pages.PATHS else None
            if allow is None:
                raise NotFound("Nothing answers at this path.")
            headers = [*request.own, (b"allow", allow.encode())]
        await request.send({"type": "http.response.start", "status": 204, "headers": headers})
        await request.send({"type": "http.response.body", "body": b"", "more_body": False})
        return 204

    async def _page(self, request: _Request) -> int:
        if request.path not in pages.PATHS:
            raise NotFound("Nothing answers at this path.")
        if request.method not in {"GET", "HEAD"}:
            raise _not_offered(PAGE_METHODS)
        packs = accepts_gzip(request.incoming.read.get(b"accept-encoding", b""))
        return await pages.answer(request.path, request.send, request.own, self.readiness, packs=packs)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if self.live is not None and "state" in scope:
            scope["state"]["drain"] = self.live.drain
        async with self.hearing():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await self.limiter.close()
        for backend in self.backends.values():
            await backend.close()
        await send({"type": "lifespan.shutdown.complete"})


@cache
def _timer(method: str, route: str, status: int) -> Histogram:
    return telemetry.REQUESTS.labels("gateway", method, route, status)


def _check_head(request: _Request) -> None:
    query: bytes = request.scope["query_string"]
    if len(request.path) + len(query) > MAX_URI_BYTES:
        raise UriTooLong(f"Path and query may have {MAX_URI_BYTES} bytes.")
    if request.incoming.size > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"The headers may have {MAX_HEADER_BYTES} bytes.")
    if not query.isascii():
        raise Invalid("Percent-encode what is not ASCII in the query.")
    if request.incoming.read.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise Invalid("The only Transfer-Encoding taken is chunked.")


def _said_by_gateway(request: _Request, book: str | None) -> Headers:
    """What only the gateway may say to a service."""
    said = [
        (b"x-request-id", request.trace.request_id.encode()),
        (b"traceparent", request.trace.traceparent.encode()),
        (b"x-forwarded-for", request.address.encode()),
        (b"x-forwarded-proto", str(request.scope.get("scheme", "http")).encode()),
    ]
    return said if book is None else [*said, (b"book-id", book.encode())]


def _allowed(found: Found) -> str | None:
    return openapi.allowed(found.path[len(found.prefix) :])


def _not_offered(allow: str) -> NotOffered:
    return NotOffered(f"Offered here: {allow}.", extra={"headers": {"Allow": allow}})
