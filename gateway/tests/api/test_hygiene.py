"""What never reaches a service: forged headers, crooked paths, methods and addresses that are not offered."""

import pytest

from pfms_gateway.app import GatewaySettings, build_gateway

SPOOFED = [
    ("X-User-Id", "0193a5c2-7b1e-7000-8000-000000000000"),
    ("x-user-id", "1"),
    ("X_User_Id", "1"),
    ("X-User_Id", "1"),
    ("X-User-Role", "owner"),
    ("X-Role", "owner"),
    ("X-Book-Id", "1"),
    ("Book_Id", "0193a5c2-7b1e-7000-8000-000000000000"),
    ("X-Internal-Token", "a"),
    ("X-Internal-Anything", "a"),
    ("X_Internal_Token", "a"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Port", "1"),
    ("X-Forwarded-Prefix", "/internal"),
    ("X-Forwarded-User", "root"),
    ("X_Forwarded_For", "10.0.0.1"),
    ("Forwarded", "for=10.0.0.1;host=evil.example"),
    ("X-Real-IP", "10.0.0.1"),
    ("True-Client-IP", "10.0.0.1"),
    ("CF-Connecting-IP", "10.0.0.1"),
    ("X-Original-URL", "/internal/feed"),
    ("X-Rewrite-URL", "/internal/feed"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Method-Override", "DELETE"),
    ("Remote-User", "root"),
    ("X-Authenticated-User", "root"),
    ("Proxy-Authorization", "Basic cm9vdDpyb290"),
    ("TE", "trailers"),
    ("Trailer", "X-User-Id"),
    ("Keep-Alive", "timeout=1"),
    ("Upgrade", "h2c"),
    ("Proxy", "http://evil.example"),
    ("X-PFMS-Scope", "all"),
]


@pytest.mark.parametrize(("name", "value"), SPOOFED)
async def test_a_forged_header_stays_at_the_door(front, signed_in, name, value):
    sent = [*signed_in.items(), (name, value), (name.upper(), value)]
    found = await front.client.get("/api/v1/accounts", headers=sent)

    assert found.status_code == 200
    assert front.recorder.last.header(name.lower()) == []
    assert value.encode() not in [
        v for n, v in front.recorder.last.headers if n not in {b"host", b"connection"}
    ]


async def test_a_header_named_in_connection_stays_at_the_door(front, signed_in):
    sent = {**signed_in, "Connection": "keep-alive, X-Hop", "X-Hop": "1"}
    await front.client.get("/api/v1/accounts", headers=sent)

    assert front.recorder.last.header("x-hop") == []


async def test_the_gateway_says_the_address_itself(front, signed_in):
    sent = {**signed_in, "X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "gopher"}
    await front.client.get("/api/v1/accounts", headers=sent)

    assert front.recorder.last.header("x-forwarded-for") == ["127.0.0.1"]
    assert front.recorder.last.header("x-forwarded-proto") == ["http"]


async def test_a_trusted_proxy_tells_the_address(start, kind, signed_in):
    async with start(kind, trusted_proxies=["127.0.0.0/8", "10.0.0.0/8"]) as front:
        sent = {**signed_in, "X-Forwarded-For": "1.2.3.4, 203.0.113.9, 10.1.1.1"}
        await front.client.get("/api/v1/accounts", headers=sent)

        assert front.recorder.last.header("x-forwarded-for") == ["203.0.113.9"]


@pytest.mark.parametrize("name", ["Authorization", "Book-Id", "Idempotency-Key", "If-Match", "Content-Type"])
async def test_a_header_that_two_readers_could_read_differently_is_refused(front, somebody, name):
    sent = [*somebody.headers().items(), ("Book-Id", str(somebody.book_id)), (name, "a"), (name, "b")]
    found = await front.client.get("/api/v1/accounts", headers=sent)

    assert found.status_code == 400
    assert name.lower() in found.json()["detail"]
    assert front.recorder.heard == []


CROOKED = [
    "/api/v1//accounts",
    "//api/v1/accounts",
    "/api//v1/accounts",
    "/api/v1/accounts//",
    "/api/v1/accounts/",
    "/api/v1/accounts/%2e%2e/internal",
    "/api/v1/accounts/%2E%2E/%2E%2E/internal",
    "/api/v1/accounts/..%2finternal",
    "/api/v1/accounts/..",
    "/api/v1/accounts/../internal",
    "/api/v1/./accounts",
    "/api/v1/accounts;x",
    "/api/v1/accounts;x=1/y",
    "/api/v1/accounts%3bx",
    "/api/v1/accounts%00",
    "/api/v1/accounts%0a",
    "/api/v1/%61ccounts",
    "/api/v1/accounts%2f..%2finternal",
    "/api/v1/accounts\\..\\internal",
    "/api/v1/accounts%5c..%5cinternal",
    "/api/v1/accounts/%c0%ae%c0%ae/internal",
    "/api/v1/accounts/%252e%252e/internal",
    "/api/v1/internal/feed",
    "/internal/feed",
    "/api/v1/metrics",
    "/api/v1/healthz",
    "/api/v1/readyz",
    "/api/v1/docs",
    "/api/v1/openapi.json",
    "/api/v1/accountsx",
    "/api/v1/account",
    "/api/v1",
    "/api/v1/",
    "/v1",
    "/v2/accounts",
    "/API/v1/accounts",
    "/api/v1/Accounts",
    "/accounts",
    "/api/v1/spendings",
    "/docs/../internal",
    "/docs/nothing.js",
    "/.env",
    "/api/v1/accounts/.git",
    "*",
    "http://elsewhere/internal/feed",
]


@pytest.mark.parametrize("path", CROOKED)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_crooked_or_unknown_path_reaches_nobody(front, signed_in, path, method):
    lines = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {signed_in['Authorization']}\r\n\r\n"
    found = await front.raw(lines.encode())

    assert found.split()[1] in {b"404", b"400"}
    assert b"application/problem+json" in found
    assert front.recorder.heard == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PURGE", "LINK"])
async def test_a_method_that_is_not_offered_reaches_nobody(front, signed_in, method):
    target = "x:1" if method == "CONNECT" else "/api/v1/accounts"
    lines = f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {signed_in['Authorization']}\r\n\r\n"
    found = await front.raw(lines.encode())

    assert found.split()[1] in {b"405", b"404", b"400"}
    assert front.recorder.heard == []


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Content-Length: -1",
        "Content-Length: 5, 5",
        "X Y: 1",
    ],
)
async def test_a_request_whose_end_is_doubtful_is_refused(front, signed_in, head):
    token = signed_in["Authorization"]
    lines = f"POST /api/v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n{head}\r\n\r\n"
    found = await front.raw(lines.encode() + b"0\r\n\r\n")

    assert found.split()[1] == b"400"
    assert front.recorder.heard == []


async def test_an_address_over_8_kib_is_refused(front, signed_in):
    found = await front.client.get("/api/v1/accounts?x=" + "a" * 8200, headers=signed_in)

    assert (found.status_code, found.json()["code"]) == (414, "uri_too_long")
    assert front.recorder.heard == []


async def test_headers_over_16_kib_are_refused(front, signed_in):
    found = await front.client.get("/api/v1/accounts", headers={**signed_in, "X-Fill": "a" * 17_000})

    assert (found.status_code, found.json()["code"]) == (431, "headers_too_large")
    assert front.recorder.heard == []


async def test_an_endless_head_is_cut_off(front):
    found = await front.raw(b"GET /healthz HTTP/1.1\r\n" + b"X-Fill: " + b"a" * 70_000)

    assert found.split()[1] == b"431"
    assert b"application/problem+json" in found


async def test_bytes_that_are_no_http_get_a_problem(front):
    found = await front.raw(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")

    assert found.split()[1] == b"400"
    assert b'"code":"validation_error"' in found


async def test_websockets_are_not_offered(front, signed_in):
    lines = (
        "GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Authorization: {signed_in['Authorization']}\r\n\r\n"
    )
    found = await front.raw(lines.encode())

    assert found.split()[1] == b"200"
    assert front.recorder.last.header("upgrade") == []


async def test_a_websocket_scope_is_closed():
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await build_gateway(GatewaySettings(), {"auth": receive})({"type": "websocket"}, receive, send)

    assert [message["type"] for message in sent] == ["websocket.close"]
