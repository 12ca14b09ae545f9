"""One gateway on a real port before one recording service, which is called in this process or over HTTP."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2 as httpx
import orjson
import pytest
import uvicorn
from joserfc.jwk import OKPKey
from starlette.types import ASGIApp, Receive, Scope, Send

from pfms_common.ids import new_id
from pfms_common.principal import Token, access_claims, sign
from pfms_common.role import Role
from pfms_gateway.app import Gateway, GatewaySettings, build_gateway, server_config
from pfms_gateway.upstream import HttpUpstream

KEY = OKPKey.generate_key("Ed25519", {"kid": "first", "use": "sig"})
Behaviour = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Heard:
    """What a service heard of one request."""

    method: str
    path: str
    root_path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def header(self, name: str) -> list[str]:
        return [value.decode() for key, value in self.headers if key == name.encode()]


@dataclass
class Recorder:
    """A service that answers `{"ok": true}` to everything and remembers it; `behaviour` replaces the answer."""

    keys: list[OKPKey] = field(default_factory=lambda: [KEY])
    heard: list[Heard] = field(default_factory=list)
    jwks_asked: int = 0
    jwks_away: bool = False
    ready: bool = True
    behaviour: Behaviour | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only requests are recorded")
        if scope["path"] == "/auth/jwks":
            await self._answer_keys(send)
            return
        if scope["path"] == "/readyz":
            await answer(send, 200 if self.ready else 503, b"{}")
            return
        path, root = scope["path"], scope["root_path"]
        heard = Heard(scope["method"], path, root, scope["query_string"], list(scope["headers"]))
        self.heard.append(heard)
        if self.behaviour is not None:
            await self.behaviour(scope, receive, send)
            return
        body = await read_body(receive)
        if body is not None:
            heard.body = body
            await answer(send, 200, b'{"ok":true}')

    async def _answer_keys(self, send: Send) -> None:
        self.jwks_asked += 1
        if self.jwks_away:
            await answer(send, 503, b"{}")
            return
        document = {"keys": [key.as_dict(private=False) for key in self.keys]}
        await answer(send, 200, orjson.dumps(document))

    @property
    def last(self) -> Heard:
        return self.heard[-1]


async def read_body(receive: Receive) -> bytes | None:
    """The whole body; None when the client left before its end."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def answer(
    send: Send,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    kind: str = "application/json",
) -> None:
    sent = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    sent += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """Ends at once when asked to, and leaves signals to the test run."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.end = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.end.wait()


@asynccontextmanager
async def serving(config: uvicorn.Config, port: int = 0) -> AsyncIterator[str]:
    """The address of a server that runs in this loop until the end of the block."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.up.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.end.set()
            await task


def plain_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, ws="none", timeout_keep_alive=5
    )


@dataclass(frozen=True)
class Front:
    """A running gateway, the service behind it, and a client."""

    gateway: Gateway
    recorder: Recorder
    client: httpx.AsyncClient
    address: tuple[str, int]

    async def raw(self, data: bytes, seconds: float = 5) -> bytes:
        """What the gateway answers to these bytes until it hangs up, or has answered once."""
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            writer.write(data)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), seconds)
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                ),
                0,
            )
            return head + await asyncio.wait_for(reader.readexactly(length), seconds)
        finally:
            writer.close()
            await writer.wait_closed()


SERVICES = ("auth", "ledger", "budget")


@asynccontextmanager
async def fronted(
    kind: str, recorder: Recorder | None = None, redis: Any = None, clock: Any = None, **settings: Any
) -> AsyncIterator[Front]:
    """A gateway whose three services are one recorder, `in_process` or over `http`."""
    recorder = recorder or Recorder()
    made = GatewaySettings.model_validate({"limits": {"*": 1_000_000}, **settings})
    options = {"clock": clock} if clock else {}
    async with contextlib.AsyncExitStack() as stack:
        upstreams: dict[str, ASGIApp] = dict.fromkeys(SERVICES, recorder)
        if kind == "http":
            service = await stack.enter_async_context(serving(plain_config(recorder)))
            upstreams = {name: HttpUpstream(service) for name in SERVICES}
        gateway = build_gateway(made, upstreams, redis, **options)
        url = await stack.enter_async_context(serving(server_config(gateway, host="127.0.0.1", port=0)))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))
        parsed = httpx.URL(url)
        yield Front(gateway, recorder, client, (parsed.host, parsed.port or 0))


@pytest.fixture(params=["in_process", "http"], scope="session")
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
async def standing_front(kind: str) -> AsyncIterator[Front]:
    async with fronted(kind) as made:
        yield made


@pytest.fixture
def front(standing_front: Front) -> Front:
    """One gateway for all tests that do not break it, its service with an empty memory."""
    recorder = standing_front.recorder
    recorder.heard.clear()
    recorder.behaviour = None
    return standing_front


@pytest.fixture
def start() -> Callable[..., Any]:
    """For tests that need settings of their own: `async with start(kind, timeout=0.2) as front`."""
    return fronted


@pytest.fixture(scope="session")
async def cross_origin() -> AsyncIterator[Front]:
    """A gateway that pages of one other site may call."""
    async with fronted("in_process", cors_origins=["https://app.example"]) as made:
        yield made


@dataclass(frozen=True)
class Somebody:
    """A signed-in user."""

    user_id: UUID = field(default_factory=new_id)
    session_id: UUID = field(default_factory=new_id)
    book_id: UUID = field(default_factory=new_id)
    books: Mapping[UUID, Role] = field(default_factory=dict)

    def token(self, key: OKPKey = KEY, **claims: Any) -> str:
        now = datetime.now(UTC)
        token = Token(
            self.user_id,
            self.session_id,
            self.book_id,
            {self.book_id: "owner", **self.books},
            int(time.time()) + 600,
            int(time.time()),
        )
        return sign(key, "at+jwt", {**access_claims(token, now=now, amr=["pwd"]), **claims})

    def headers(self, key: OKPKey = KEY, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(key, **claims)}"}


@pytest.fixture
def somebody() -> Somebody:
    return Somebody()


@pytest.fixture
def anybody() -> type[Somebody]:
    return Somebody


@pytest.fixture
def signed_in(somebody: Somebody) -> dict[str, str]:
    return somebody.headers()


@pytest.fixture
def reply() -> Callable[..., Awaitable[None]]:
    """Sends one whole answer, for behaviours written in tests."""
    return answer


@pytest.fixture
def new_recorder() -> type[Recorder]:
    return Recorder


@pytest.fixture
def served() -> Callable[..., Any]:
    """A server of any app on a free port, for the block."""
    return lambda app, port=0: serving(plain_config(app), port)


@pytest.fixture
def key() -> OKPKey:
    return KEY


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis for tests: `PFMS_TEST_REDIS_URL`, else the standard local port."""
    url = os.environ.get("PFMS_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
    parsed = httpx.URL(url)
    try:
        socket.create_connection((parsed.host, parsed.port or 6379), timeout=1).close()
    except OSError as error:
        if os.environ.get("PFMS_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no Redis at {parsed.host}:{parsed.port}: {error}")
    return url
