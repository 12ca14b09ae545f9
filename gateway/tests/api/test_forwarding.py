"""A request on its way to a service, and the answer on its way back."""

import asyncio
import hashlib
import json

import pytest


async def test_a_service_sees_the_whole_path_and_the_prefix_as_root_path(front, signed_in):
    found = await front.client.get("/api/v1/transactions?limit=5&cursor=a%2Bb", headers=signed_in)

    assert found.status_code == 200
    assert front.recorder.last.path == "/api/v1/transactions"
    assert front.recorder.last.query == b"limit=5&cursor=a%2Bb"


async def test_the_short_prefix_is_the_same(front, signed_in):
    assert (await front.client.get("/v1/accounts", headers=signed_in)).status_code == 200
    assert front.recorder.last.path == "/v1/accounts"


async def test_in_this_process_the_prefix_is_told_as_root_path(start, signed_in):
    async with start("in_process") as front:
        await front.client.get("/v1/accounts", headers=signed_in)

        assert front.recorder.last.root_path == "/v1"


async def test_a_former_name_reaches_the_path_that_the_service_knows(front, signed_in):
    await front.client.post("/api/v1/expenses/bulk-import", headers=signed_in, content=b"x")

    assert front.recorder.last.path == "/api/v1/imports"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_methods_pass(front, signed_in, method):
    await front.client.request(method, "/api/v1/accounts", headers=signed_in)

    assert front.recorder.last.method == method


async def test_head_is_a_get_without_its_body(front, signed_in):
    found = await front.client.head("/api/v1/accounts", headers=signed_in)

    assert found.status_code == 200
    assert front.recorder.last.method == "GET"
    assert found.headers["content-length"] == "11"
    assert found.content == b""


async def test_the_headers_of_the_api_pass_both_ways(front, signed_in, reply):
    async def tagged(scope, receive, send):
        headers = {
            "ETag": '"3"',
            "X-Consistency-Token": "abc",
            "X-Stale": "lagging",
            "Idempotency-Replayed": "true",
        }
        await reply(send, 201, b"{}", {**headers, "Location": "/api/v1/accounts/1"})

    front.recorder.behaviour = tagged
    sent = {
        "Idempotency-Key": "0123456789abcdef",
        "If-Match": '"2"',
        "If-None-Match": '"1"',
        "X-Consistency-Token": "xyz",
        "Accept-Language": "de",
    }
    found = await front.client.post("/api/v1/accounts", headers={**signed_in, **sent}, json={})

    assert {name: front.recorder.last.header(name.lower()) for name in sent} == {
        n: [v] for n, v in sent.items()
    }
    assert found.status_code == 201
    assert found.headers["etag"] == '"3"'
    assert found.headers["x-consistency-token"] == "abc"
    assert found.headers["x-stale"] == "lagging"
    assert found.headers["idempotency-replayed"] == "true"
    assert found.headers["location"] == "/api/v1/accounts/1"


async def test_the_token_is_passed_on_for_the_service_to_verify_again(front, signed_in):
    await front.client.get("/api/v1/accounts", headers=signed_in)

    assert front.recorder.last.header("authorization") == [signed_in["Authorization"]]


async def test_a_declared_body_arrives_whole(front, signed_in):
    body = json.dumps({"name": "ü" * 2000}).encode()
    await front.client.post("/api/v1/accounts", headers=signed_in, content=body)

    assert front.recorder.last.body == body


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 700_000])
async def test_a_chunked_body_arrives_whole(front, signed_in, size):
    body = hashlib.sha256(b"seed").digest() * (size // 32) + b"x" * (size % 32)

    async def pieces():
        for at in range(0, len(body), 10_000):
            yield body[at : at + 10_000]

    found = await front.client.post("/api/v1/accounts", headers=signed_in, content=pieces())

    assert found.status_code == 200
    assert hashlib.sha256(front.recorder.last.body).digest() == hashlib.sha256(body).digest()


async def test_a_request_without_a_body_stays_without(front, signed_in):
    await front.client.delete("/api/v1/accounts/0193a5c2-7b1e-7000-8000-000000000000", headers=signed_in)

    assert front.recorder.last.body == b""
    assert front.recorder.last.header("transfer-encoding") == []


async def test_an_answer_without_a_body_passes(front, signed_in):
    async def nothing(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    front.recorder.behaviour = nothing
    found = await front.client.delete("/api/v1/accounts", headers=signed_in)

    assert found.status_code == 204
    assert found.content == b""


async def test_many_requests_share_their_connections_without_mixing_answers(front, somebody, reply):
    async def mirror(scope, receive, send):
        await asyncio.sleep(0.001)
        await reply(send, 200, scope["query_string"])

    front.recorder.behaviour = mirror
    headers = somebody.headers()
    answers = await asyncio.gather(
        *(front.client.get(f"/api/v1/accounts?n={n}", headers=headers) for n in range(150))
    )

    assert [answer.text for answer in answers] == [f"n={n}" for n in range(150)]
