"""Bodies and answers stream; what is too large, too slow or abandoned is given up."""

import asyncio
import hashlib
import resource

import pytest

MIB = 1024 * 1024


async def _pieces(total, piece=64 * 1024):
    sent = 0
    while sent < total:
        size = min(piece, total - sent)
        yield b"a" * size
        sent += size


OVER = [
    ("/api/v1/accounts", MIB),
    ("/api/v1/auth/login", 64 * 1024),
    ("/api/v1/imports/0193a5c2-7b1e-7000-8000-000000000000/mapping", MIB),
]


@pytest.mark.parametrize(("path", "limit"), OVER)
async def test_a_declared_body_over_the_limit_is_refused_before_the_service(front, signed_in, path, limit):
    found = await front.client.post(path, headers=signed_in, content=b"a" * (limit + 1))

    assert (found.status_code, found.json()["code"]) == (413, "too_large")
    assert front.recorder.heard == []


@pytest.mark.parametrize(("path", "limit"), OVER)
async def test_a_body_at_the_limit_passes(front, signed_in, path, limit):
    found = await front.client.post(path, headers=signed_in, content=b"a" * limit)

    assert found.status_code == 200
    assert len(front.recorder.last.body) == limit


@pytest.mark.parametrize(("path", "limit"), OVER)
async def test_a_chunked_body_over_the_limit_is_refused_on_its_way(front, signed_in, path, limit):
    found = await front.client.post(path, headers=signed_in, content=_pieces(limit + 1))

    assert (found.status_code, found.json()["code"]) == (413, "too_large")
    assert [heard for heard in front.recorder.heard if heard.body] == []


async def test_a_refused_upload_leaves_the_connection_usable(front, signed_in):
    for _ in range(3):
        over = await front.client.post("/api/v1/accounts", headers=signed_in, content=b"a" * (2 * MIB))
        good = await front.client.post("/api/v1/accounts", headers=signed_in, content=b"{}")
        assert (over.status_code, good.status_code) == (413, 200)


async def test_a_refusal_to_a_client_that_waits_for_100_closes_the_connection(front, signed_in):
    lines = (
        "POST /api/v1/accounts HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Authorization: {signed_in['Authorization']}\r\nContent-Length: {2 * MIB}\r\n\r\n"
    )
    found = await front.raw(lines.encode())

    assert found.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in found


async def _sha256(receive):
    digest, size, more = hashlib.sha256(), 0, True
    while more:
        message = await receive()
        digest.update(message.get("body", b""))
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return digest.hexdigest(), size


async def test_an_import_of_50_mib_streams_in(front, signed_in, reply):
    async def hashing(scope, receive, send):
        digest, size = await _sha256(receive)
        await reply(send, 201, f"{digest} {size}".encode())

    front.recorder.behaviour = hashing
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = await front.client.post("/api/v1/imports", headers=signed_in, content=_pieces(50 * MIB))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert found.text == f"{hashlib.sha256(b'a' * 50 * MIB).hexdigest()} {50 * MIB}"
    assert grown < 20 * 1024, "kilobytes: the body must not be kept"


async def test_an_answer_of_50_mib_streams_out(front, signed_in):
    async def large(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50 * 16):
            await send({"type": "http.response.body", "body": b"b" * 65_536, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    front.recorder.behaviour = large
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    digest = hashlib.sha256()
    async with front.client.stream("GET", "/api/v1/transactions", headers=signed_in) as found:
        async for chunk in found.aiter_raw():
            digest.update(chunk)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert digest.hexdigest() == hashlib.sha256(b"b" * 50 * MIB).hexdigest()
    assert grown < 20 * 1024, "kilobytes: the answer must not be kept"


async def test_each_piece_of_an_answer_arrives_when_it_is_sent(front, signed_in):
    go_on = asyncio.Event()

    async def slowly(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream")],
            }
        )
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"second"})

    front.recorder.behaviour = slowly
    async with front.client.stream("GET", "/api/v1/transactions", headers=signed_in) as found:
        chunks = found.aiter_raw()
        first = await anext(chunks)
        go_on.set()
        rest = b"".join([chunk async for chunk in chunks])

    assert (first, rest) == (b"first", b"second")


async def test_each_piece_of_a_body_arrives_when_it_is_sent(front, signed_in, reply):
    arrived = asyncio.Event()

    async def listening(scope, receive, send):
        message = await receive()
        while not message["body"]:
            message = await receive()
        arrived.set()
        await _sha256(receive)
        await reply(send, 200, message["body"])

    async def pieces():
        yield b"first"
        await arrived.wait()
        yield b"second"

    front.recorder.behaviour = listening
    found = await front.client.post("/api/v1/imports", headers=signed_in, content=pieces())

    assert found.text == "first"


async def test_a_service_that_does_not_answer_is_given_up(start, kind, signed_in):
    ended = asyncio.Event()
    told = []

    async def stuck(scope, receive, send):
        message = await receive()
        while message["type"] != "http.disconnect":
            message = await receive()
        told.append(message["type"])
        ended.set()

    async with start(kind, timeout=0.2) as front:
        front.recorder.behaviour = stuck
        found = await front.client.post("/api/v1/accounts", headers=signed_in, json={})
        await asyncio.wait_for(ended.wait(), 5)

    assert (found.status_code, found.json()["code"]) == (503, "unavailable")
    assert "Idempotency-Key" in found.json()["detail"]
    assert int(found.headers["retry-after"]) > 0
    assert told == ["http.disconnect"]


async def test_a_write_that_was_given_up_runs_to_its_end(start, kind, signed_in, reply):
    committed = asyncio.Event()

    async def slow(scope, receive, send):
        await receive()
        await asyncio.sleep(0.4)
        committed.set()
        await reply(send, 201, b"{}")

    async with start(kind, timeout=0.1) as front:
        front.recorder.behaviour = slow
        found = await front.client.post("/api/v1/accounts", headers=signed_in, json={})
        await asyncio.wait_for(committed.wait(), 5)
        front.recorder.behaviour = None
        again = await front.client.post("/api/v1/accounts", headers=signed_in, json={})

    assert (found.status_code, again.status_code) == (503, 200)


async def test_a_client_that_stops_in_its_body_is_told_so(start, kind, signed_in):
    async with start(kind, timeout=0.2) as front:
        lines = (
            "POST /api/v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            f"Authorization: {signed_in['Authorization']}\r\n\r\nhalf"
        )
        found = await front.raw(lines.encode())

        assert found.startswith(b"HTTP/1.1 408")
        assert b'"code":"request_timeout"' in found


async def test_the_head_of_a_request_has_5_seconds(front, monkeypatch):
    monkeypatch.setattr("pfms_gateway.server.HEAD_SECONDS", 0.1)
    found = await front.raw(b"GET /healthz HTTP/1.1\r\nHost:")

    assert found.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in found


async def test_a_client_that_goes_away_is_told_to_the_service(front, signed_in):
    begun, told = asyncio.Event(), asyncio.Event()

    async def waiting(scope, receive, send):
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            continue
        told.set()

    front.recorder.behaviour = waiting
    task = asyncio.create_task(front.client.get("/api/v1/transactions", headers=signed_in))
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()

    await asyncio.wait_for(told.wait(), 5)


async def test_a_client_that_goes_away_in_a_stream_ends_the_stream(front, signed_in):
    told = asyncio.Event()

    async def endless(scope, receive, send):
        async def watch():
            while (await receive())["type"] != "http.disconnect":
                continue
            told.set()

        watching = asyncio.create_task(watch())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not told.is_set():
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})
            await asyncio.sleep(0.01)
        await watching

    front.recorder.behaviour = endless
    async with front.client.stream("GET", "/api/v1/transactions", headers=signed_in) as found:
        await anext(found.aiter_raw())

    await asyncio.wait_for(told.wait(), 5)


async def test_a_client_that_goes_away_in_its_body_is_told_to_the_service(front, signed_in):
    begun, told = asyncio.Event(), asyncio.Event()

    async def reading(scope, receive, send):
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            continue
        told.set()

    front.recorder.behaviour = reading
    _, writer = await asyncio.open_connection(*front.address)
    head = f"POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: {signed_in['Authorization']}\r\n"
    writer.write(head.encode() + b"Content-Length: 1000000\r\n\r\nhalf of it")
    await asyncio.wait_for(begun.wait(), 5)
    writer.close()

    await asyncio.wait_for(told.wait(), 5)


async def test_a_write_runs_to_its_end_when_the_client_goes_away(front, signed_in, reply):
    begun, committed = asyncio.Event(), asyncio.Event()

    async def writing(scope, receive, send):
        await receive()
        begun.set()
        await asyncio.sleep(0.1)
        committed.set()
        await reply(send, 201, b"{}")

    front.recorder.behaviour = writing
    task = asyncio.create_task(front.client.post("/api/v1/accounts", headers=signed_in, json={}))
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()

    await asyncio.wait_for(committed.wait(), 5)


async def test_an_answer_that_breaks_off_never_passes_for_a_whole_one(front, signed_in):
    async def breaking(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("the service fails in the middle")

    front.recorder.behaviour = breaking
    with pytest.raises(Exception, match=r"peer closed|disconnected|incomplete"):
        await front.client.get("/api/v1/transactions", headers=signed_in)


async def test_a_service_that_raises_gives_a_500_that_says_nothing(start, signed_in):
    async def failing(scope, receive, send):
        raise RuntimeError("SELECT secret FROM place")

    async with start("in_process") as front:
        front.recorder.behaviour = failing
        found = await front.client.get("/api/v1/transactions", headers=signed_in)

    assert found.status_code == 500
    assert found.json()["code"] == "internal_error"
    assert found.json()["request_id"] == found.headers["x-request-id"]
    assert "secret" not in found.text


async def test_only_so_many_requests_are_in_flight_for_one_service(start, kind, signed_in, reply):
    now, most = 0, 0

    async def counting(scope, receive, send):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        await reply(send, 200, b"{}")

    async with start(kind, exchanges=4) as front:
        front.recorder.behaviour = counting
        calls = [front.client.get("/api/v1/accounts", headers=signed_in) for _ in range(40)]
        statuses = [answer.status_code for answer in await asyncio.gather(*calls)]

    assert statuses == [200] * 40
    assert most == 4


async def test_a_full_service_answers_busy_and_its_neighbour_goes_on(
    start, kind, signed_in, monkeypatch, reply
):
    monkeypatch.setattr("pfms_gateway.proxy.ROOM_SECONDS", 0.05)
    release, both_in = asyncio.Event(), asyncio.Event()

    async def full(scope, receive, send):
        if "accounts" in scope["path"]:
            if len(front.recorder.heard) == 2:
                both_in.set()
            await release.wait()
        await reply(send, 200, b"{}")

    async with start(kind, exchanges=2) as front:
        front.recorder.behaviour = full
        held = [
            asyncio.create_task(front.client.get("/api/v1/accounts", headers=signed_in)) for _ in range(2)
        ]
        await asyncio.wait_for(both_in.wait(), 5)
        refused = await front.client.get("/api/v1/accounts", headers=signed_in)
        neighbour = await front.client.get("/api/v1/budgets/2026-01", headers=signed_in)
        release.set()
        await asyncio.gather(*held)

    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert neighbour.status_code == 200
