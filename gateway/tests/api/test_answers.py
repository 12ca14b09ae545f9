"""Headers of every kind of answer, cross-origin calls, and the pages that the gateway has itself."""

import orjson
import pytest

SECURITY = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
LIMITS = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
BOOK = "0193a5c2-7b1e-7000-8000-000000000000"


def _assert_secure(found, kind="application/problem+json"):
    assert {name: found.headers.get(name) for name in SECURITY} == SECURITY
    assert found.headers["content-type"] == kind
    assert "server" not in found.headers
    assert "x-powered-by" not in found.headers
    assert found.headers.get_list("x-request-id") == [found.headers["x-request-id"]]
    assert len(found.headers.get_list("date")) == 1


async def test_a_successful_answer(front, signed_in):
    found = await front.client.get("/api/v1/accounts", headers=signed_in)

    _assert_secure(found, "application/json")
    assert set(found.headers) >= LIMITS
    assert set(found.headers) == {
        *SECURITY,
        *LIMITS,
        "content-type",
        "content-length",
        "date",
        "x-request-id",
    }


REFUSALS = [
    ("GET", "/api/v1/nothing", {}, None, 404),
    ("GET", "/nothing", {}, None, 404),
    ("POST", "/healthz", {}, None, 405),
    ("GET", "/api/v1/accounts", {"Authorization": ""}, None, 401),
    ("GET", "/api/v1/accounts", {"Authorization": "Bearer a.b.c"}, None, 401),
    ("GET", "/api/v1/accounts", {"Book-Id": BOOK}, None, 403),
    ("POST", "/api/v1/accounts", {}, b"a" * 1_100_000, 413),
    ("GET", "/api/v1/accounts?" + "a" * 8200, {}, None, 414),
    ("GET", "/api/v1/accounts", {"X-Fill": "a" * 17_000}, None, 431),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), REFUSALS)
async def test_a_refusal(front, signed_in, method, path, headers, body, status):
    found = await front.client.request(method, path, headers={**signed_in, **headers}, content=body)

    assert found.status_code == status
    _assert_secure(found)
    document = found.json()
    assert document["status"] == status
    assert document["type"] == f"urn:pfms:problem:{document['code']}"
    assert document["instance"] == path.partition("?")[0]
    assert document["request_id"] == found.headers["x-request-id"]
    assert document["timestamp"].endswith("Z")


async def test_a_refusal_after_counting_tells_the_limits_too(front, signed_in):
    found = await front.client.get("/api/v1/accounts", headers={**signed_in, "Book-Id": BOOK})

    assert set(found.headers) >= LIMITS


async def test_a_refusal_of_the_service_passes_with_the_same_headers(front, signed_in, reply):
    body = b'{"code":"stale_version"}'

    async def stale(scope, receive, send):
        await reply(send, 409, body, kind="application/problem+json")

    front.recorder.behaviour = stale
    found = await front.client.patch("/api/v1/accounts", headers=signed_in, json={})

    _assert_secure(found)
    assert (found.status_code, found.content) == (409, body)


async def test_what_only_the_gateway_says_is_not_taken_from_a_service(front, signed_in, reply):
    async def chatty(scope, receive, send):
        headers = {
            "Server": "uvicorn",
            "X-Powered-By": "python",
            "Access-Control-Allow-Origin": "*",
            "Strict-Transport-Security": "max-age=0",
            "RateLimit-Remaining": "99999999",
        }
        await reply(send, 200, b"{}", headers)

    front.recorder.behaviour = chatty
    found = await front.client.get("/api/v1/accounts", headers=signed_in)

    _assert_secure(found, "application/json")
    assert "access-control-allow-origin" not in found.headers
    assert found.headers.get_list("ratelimit-remaining") != ["99999999"]


async def test_a_service_may_set_its_own_cache_rule_and_content_policy(front, reply):
    async def cached(scope, receive, send):
        headers = {"Cache-Control": "public, max-age=60", "Content-Security-Policy": "default-src 'self'"}
        await reply(send, 200, b"{}", headers)

    front.recorder.behaviour = cached
    found = await front.client.get("/api/v1/mailbox")

    assert found.headers.get_list("cache-control") == ["public, max-age=60"]
    assert found.headers.get_list("content-security-policy") == ["default-src 'self'"]


@pytest.mark.parametrize("given", ["0123456789abcdef", "mobile-2026:42.a_b"])
async def test_a_request_id_is_passed_on(front, signed_in, given):
    found = await front.client.get("/api/v1/accounts", headers={**signed_in, "X-Request-Id": given})

    assert found.headers["x-request-id"] == given
    assert front.recorder.last.header("x-request-id") == [given]


@pytest.mark.parametrize("given", [None, "short", "a" * 65, "has space", "<script>alert(1)</script>"])
async def test_a_request_id_is_made_where_none_fits(front, signed_in, given):
    sent = {**signed_in, **({"X-Request-Id": given} if given else {})}
    found = await front.client.get("/api/v1/accounts", headers=sent)

    assert found.headers["x-request-id"] != given
    assert front.recorder.last.header("x-request-id") == [found.headers["x-request-id"]]


async def test_trace_context_is_passed_on(front, signed_in):
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await front.client.get("/api/v1/accounts", headers={**signed_in, "traceparent": given})
    (passed,) = front.recorder.last.header("traceparent")

    assert passed[:36] == given[:36]
    assert len(passed) == len(given)


@pytest.mark.parametrize("given", [None, "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_trace_context_is_made_where_none_fits(front, signed_in, given):
    sent = {**signed_in, **({"traceparent": given} if given else {})}
    await front.client.get("/api/v1/accounts", headers=sent)
    (passed,) = front.recorder.last.header("traceparent")

    assert passed.startswith("00-")
    assert passed[3:35] != "0" * 32


HOME = "https://app.example"


async def test_a_listed_origin_may_read(cross_origin, signed_in):
    found = await cross_origin.client.get("/api/v1/accounts", headers={**signed_in, "Origin": HOME})

    assert found.headers["access-control-allow-origin"] == HOME
    assert found.headers["access-control-allow-credentials"] == "true"
    assert found.headers["vary"] == "Origin"
    assert {"ETag", "X-Consistency-Token", "Idempotency-Replayed", "X-Stale", "Retry-After"} <= {
        name.strip() for name in found.headers["access-control-expose-headers"].split(",")
    }


async def test_a_listed_origin_may_read_a_refusal_too(cross_origin):
    found = await cross_origin.client.get("/api/v1/accounts", headers={"Origin": HOME})

    assert found.status_code == 401
    assert found.headers["access-control-allow-origin"] == HOME


STRANGERS = [
    "https://evil.example",
    "null",
    "http://app.example",
    "https://app.example.evil",
    "https://app.example:444",
]


@pytest.mark.parametrize("origin", STRANGERS)
async def test_another_origin_may_not(cross_origin, signed_in, origin):
    found = await cross_origin.client.get("/api/v1/accounts", headers={**signed_in, "Origin": origin})

    assert "access-control-allow-origin" not in found.headers
    assert found.headers["vary"] == "Origin"


async def test_a_listed_origin_may_ask_first(cross_origin):
    asked = {
        "Origin": HOME,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "if-match",
    }
    found = await cross_origin.client.options("/api/v1/accounts", headers=asked)

    assert found.status_code == 204
    assert found.headers.get_list("access-control-allow-origin") == [HOME]
    assert "PATCH" in found.headers["access-control-allow-methods"]
    allowed = {name.strip().lower() for name in found.headers["access-control-allow-headers"].split(",")}
    assert {"authorization", "idempotency-key", "if-match", "book-id", "x-consistency-token"} <= allowed


@pytest.mark.parametrize("origin", STRANGERS)
async def test_another_origin_is_told_no(cross_origin, origin):
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    found = await cross_origin.client.options("/api/v1/accounts", headers=asked)

    assert found.status_code == 403
    assert "access-control-allow-origin" not in found.headers


async def test_without_listed_origins_nothing_is_said(front, signed_in):
    found = await front.client.get("/api/v1/accounts", headers={**signed_in, "Origin": HOME})

    assert "access-control-allow-origin" not in found.headers
    assert "vary" not in found.headers


async def test_it_is_alive_whatever_its_services_do(start, kind, new_recorder):
    async with start(kind, new_recorder(ready=False, jwks_away=True)) as front:
        found = await front.client.get("/healthz")

        assert (found.status_code, found.json()) == (200, {"status": "alive"})


async def test_it_is_ready_once_its_services_and_keys_were_seen(start, kind, new_recorder):
    recorder = new_recorder(ready=False, jwks_away=True)
    async with start(kind, recorder) as front:
        before = await front.client.get("/readyz")
        recorder.ready, recorder.jwks_away = True, False
        front.gateway.readiness.keys._asked_at = None
        after = await front.client.get("/readyz")
        recorder.ready = False
        later = await front.client.get("/readyz")

    assert before.status_code == 503
    assert before.json() == {
        "status": "starting", "keys": False, "services": {"auth": "away", "ledger": "away", "budget": "away"},
    }  # fmt: skip
    assert (after.status_code, after.json()["status"]) == (200, "ready")
    assert (later.status_code, later.json()["services"]["ledger"]) == (200, "away")


async def test_it_shows_figures(front, signed_in):
    await front.client.get("/api/v1/accounts", headers=signed_in)
    found = await front.client.get("/metrics")

    assert found.headers["content-type"].startswith("text/plain")
    assert 'service="gateway"' in found.text
    assert 'route="/accounts"' in found.text


PAGES = ["/", "/docs", "/docs/docs.js", "/docs/style.css"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_made_of_its_own_files_only(front, path):
    found = await front.client.get(path)

    assert found.status_code == 200
    assert "default-src 'self'" in found.headers["content-security-policy"]
    assert "http://" not in found.text
    assert "https://" not in found.text
    assert "<style" not in found.text
    assert found.headers["x-content-type-options"] == "nosniff"


async def test_the_document_is_served(front):
    found = await front.client.get("/openapi.json")

    assert found.headers["content-type"] == "application/json"
    assert orjson.loads(found.content)["openapi"].startswith("3.1")


@pytest.mark.parametrize("path", [*PAGES, "/openapi.json", "/healthz", "/readyz", "/metrics"])
async def test_a_page_answers_head_and_options(front, path):
    head = await front.client.head(path)
    options = await front.client.options(path)
    post = await front.client.post(path)

    assert (head.status_code, head.content) == (200, b"")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert (post.status_code, post.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_options_of_nothing_is_not_found(front):
    assert (await front.client.options("/api/v1/nothing")).status_code == 404


LONG = b'{"items":[' + b",".join([b'{"name":"Groceries"}'] * 400) + b"]}"


async def test_a_long_answer_is_compressed_for_who_takes_it(front, signed_in, reply):
    async def long(scope, receive, send):
        await reply(send, 200, LONG)

    front.recorder.behaviour = long
    found = await front.client.get("/api/v1/categories", headers={**signed_in, "Accept-Encoding": "br, gzip"})
    plain = await front.client.get("/api/v1/categories", headers={**signed_in, "Accept-Encoding": "identity"})

    assert (found.headers["content-encoding"], found.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert found.content == LONG
    assert found.num_bytes_downloaded < len(LONG) // 10
    assert "content-encoding" not in plain.headers
    assert plain.headers["content-length"] == str(len(LONG))


async def test_a_long_answer_in_pieces_is_compressed_whole(front, signed_in):
    async def pieces(scope, receive, send):
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(LONG)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for at in range(0, len(LONG), 1000):
            await send({"type": "http.response.body", "body": LONG[at : at + 1000], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    front.recorder.behaviour = pieces
    found = await front.client.get("/api/v1/categories", headers={**signed_in, "Accept-Encoding": "gzip"})

    assert found.headers["content-encoding"] == "gzip"
    assert found.content == LONG


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/json"}, b"{}"),
        ({"Content-Type": "application/pdf"}, LONG),
        ({"Content-Type": "application/json", "Content-Encoding": "br"}, LONG),
    ],
)
async def test_what_is_short_or_packed_already_stays_as_it_is(front, signed_in, headers, body):
    async def plain(scope, receive, send):
        sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        sent.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send({"type": "http.response.body", "body": body})

    front.recorder.behaviour = plain
    asked = {**signed_in, "Accept-Encoding": "gzip"}
    async with front.client.stream("GET", "/api/v1/categories", headers=asked) as found:
        raw = b"".join([chunk async for chunk in found.aiter_raw()])

    assert raw == body
    assert found.headers.get("content-encoding") == headers.get("Content-Encoding")


async def test_a_stream_is_not_compressed(front, signed_in):
    async def stream(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream")],
            }
        )
        await send({"type": "http.response.body", "body": LONG})

    front.recorder.behaviour = stream
    found = await front.client.get("/api/v1/categories", headers={**signed_in, "Accept-Encoding": "gzip"})

    assert "content-encoding" not in found.headers


async def test_the_documents_are_compressed(front):
    found = await front.client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})

    assert found.headers["content-encoding"] == "gzip"
    assert orjson.loads(found.content)["info"]["title"] == "PFMS"
