"""What the gateway answers by itself at the root: the landing page, the API's documents, health, metrics."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Send

from pfms_common import logs
from pfms_common.principal import Jwks
from pfms_gateway import client, openapi
from pfms_gateway.compress import ENCODED, pack
from pfms_gateway.headers import PAGE_POLICY, Headers, answer_headers

HTML, JSON = b"text/html; charset=utf-8", b"application/json"
FILES: Mapping[str, tuple[str, bytes]] = {
    "/": ("index.html", HTML),
    "/docs": ("docs.html", HTML),
    "/docs/docs.js": ("docs.js", b"text/javascript; charset=utf-8"),
    "/docs/style.css": ("style.css", b"text/css; charset=utf-8"),
}
REVALIDATE = (b"cache-control", b"no-cache")
PATHS = frozenset({*FILES, "/openapi.json", "/healthz", "/readyz", "/metrics"})

_log = logs.get("gateway.pages")


@dataclass(slots=True)
class Readiness:
    """Whether this gateway can serve: it has had the sign-in keys and an answer of every service once.

    Later a service that is away makes its own paths answer 503 and is named here, but the gateway stays ready:
    it serves the others, and taking every gateway out of service would take those away as well.
    """

    upstreams: Mapping[str, ASGIApp]
    keys: Jwks
    was_ready: bool = field(default=False, init=False)

    async def look(self) -> tuple[int, dict[str, object]]:
        services = dict(
            zip(
                self.upstreams,
                await asyncio.gather(*(_is_ready(name, app) for name, app in self.upstreams.items())),
                strict=True,
            )
        )
        keys = await self.keys.available()
        self.was_ready = self.was_ready or (keys and all(services.values()))
        words = {name: "ready" if ready else "away" for name, ready in services.items()}
        status = "ready" if self.was_ready else "starting"
        return (200 if self.was_ready else 503), {"status": status, "keys": keys, "services": words}


async def _is_ready(name: str, app: ASGIApp) -> bool:
    try:
        return (await client.get(app, "/readyz")).status == 200
    except Exception as error:  # noqa: BLE001  # whatever a service raises here, it is not ready; the log says what
        _log.info("a service is not ready", service=name, error=f"{type(error).__name__}: {error}")
        return False


async def answer(path: str, send: Send, own: Headers, readiness: Readiness, *, packs: bool) -> int:
    """Sends the page at one of `PATHS` and returns its status."""
    status, kind, body = 200, JSON, b""
    rules: Headers = []
    if path in FILES:
        name, kind = FILES[path]
        body, rules = _file(name), [PAGE_POLICY, REVALIDATE]
    elif path == "/openapi.json":
        body, rules = openapi.packaged(), [REVALIDATE]
    elif path == "/healthz":
        body = b'{"status":"alive"}'
    elif path == "/readyz":
        status, words = await readiness.look()
        body = orjson.dumps(words)
    else:
        body, kind = generate_latest(), CONTENT_TYPE_LATEST.encode()
    if packs and rules:
        body, rules = _packed(body), [*rules, *ENCODED]
    theirs = [*rules, (b"content-type", kind), (b"content-length", b"%d" % len(body))]
    headers = answer_headers(own, theirs)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
    return status


@cache
def _packed(body: bytes) -> bytes:
    """Of what the package carries: a handful of bodies, packed once."""
    return pack(body)


@cache
def _file(name: str) -> bytes:
    return (files("pfms_gateway") / "static" / name).read_bytes()
