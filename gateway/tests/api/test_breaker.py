"""A service that keeps failing is left alone for a moment; nothing else suffers."""

import asyncio
import socket

import httpx2 as httpx
import pytest

from pfms_common import problem
from pfms_common.clock import system_clock
from pfms_gateway.app import GatewaySettings, build_gateway, server_config
from pfms_gateway.upstream import HttpUpstream


def _unavailable() -> bytes:
    return problem.document(
        problem.COMMON[problem.Unavailable], detail="", instance="", request_id="", now=system_clock()
    )


def _busy() -> bytes:
    return problem.document(
        problem.COMMON[problem.Busy], detail="", instance="", request_id="", now=system_clock()
    )


async def _trip(front, headers, reply):
    async def away(scope, receive, send):
        if "accounts" in scope["path"]:
            await reply(send, 503, _unavailable(), {"Retry-After": "5"})
        else:
            await reply(send, 200, b"{}")

    front.recorder.behaviour = away
    for _ in range(5):
        await front.client.get("/api/v1/accounts", headers=headers)
    front.recorder.heard.clear()


async def test_a_failing_service_is_left_alone_and_its_neighbours_go_on(start, kind, signed_in, reply):
    async with start(kind) as front:
        await _trip(front, signed_in, reply)
        found = await front.client.get("/api/v1/transactions", headers=signed_in)
        neighbour = await front.client.get("/api/v1/budgets/2026-01", headers=signed_in)

        assert (found.status_code, found.json()["code"]) == (503, "unavailable")
        assert found.headers["retry-after"] == "2"
        assert neighbour.status_code == 200
        assert [heard.path for heard in front.recorder.heard] == ["/api/v1/budgets/2026-01"]


async def test_it_serves_again_after_a_probe_succeeded(start, kind, signed_in, reply):
    async with start(kind) as front:
        await _trip(front, signed_in, reply)
        front.recorder.behaviour = None
        front.gateway.backends["ledger"].breaker._closed_again_at = 0
        probe = await front.client.get("/api/v1/accounts", headers=signed_in)
        after = await front.client.get("/api/v1/accounts", headers=signed_in)

        assert (probe.status_code, after.status_code) == (200, 200)


@pytest.mark.parametrize("status", [400, 404, 409, 500])
async def test_a_refusal_is_no_failure(start, kind, signed_in, reply, status):
    async def refusing(scope, receive, send):
        await reply(send, status, b"{}")

    async with start(kind) as front:
        front.recorder.behaviour = refusing
        statuses = [
            (await front.client.get("/api/v1/accounts", headers=signed_in)).status_code for _ in range(8)
        ]

        assert statuses == [status] * 8


async def test_a_busy_book_is_no_failure_of_its_service(start, kind, signed_in, reply):
    async def busy(scope, receive, send):
        await reply(send, 503, _busy(), {"Retry-After": "1"})

    async with start(kind) as front:
        front.recorder.behaviour = busy
        codes = [
            (await front.client.get("/api/v1/accounts", headers=signed_in)).json()["code"] for _ in range(8)
        ]

        assert codes == ["busy"] * 8


async def test_services_that_time_out_trip_it(start, kind, signed_in):
    async def stuck(scope, receive, send):
        while (await receive())["type"] != "http.disconnect":
            continue

    async with start(kind, timeout=0.05) as front:
        front.recorder.behaviour = stuck
        for _ in range(5):
            await front.client.get("/api/v1/accounts", headers=signed_in)
        front.recorder.heard.clear()
        found = await front.client.get("/api/v1/accounts", headers=signed_in)

        assert found.status_code == 503
        assert front.recorder.heard == []


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_dead_process_gives_503_and_is_found_again(start, served, new_recorder, signed_in):
    port = _unused_port()
    async with start("in_process") as front:
        dead = HttpUpstream(f"http://127.0.0.1:{port}")
        backend = front.gateway.backends["budget"]
        object.__setattr__(backend, "app", dead)
        found = await front.client.get("/api/v1/budgets/2026-01", headers=signed_in)
        neighbour = await front.client.get("/api/v1/accounts", headers=signed_in)
        async with served(new_recorder(), port):
            again = await front.client.get("/api/v1/budgets/2026-01", headers=signed_in)
        await dead.aclose()

        assert (found.status_code, found.json()["code"]) == (503, "unavailable")
        assert neighbour.status_code == 200
        assert again.status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_what_may_have_been_read_is_not_sent_twice(start, signed_in, method):
    """A peer that reads a request and hangs up: whether it took effect nobody knows, so it is not repeated."""
    requests = []

    async def hang_up(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        requests.append(head)
        if len(requests) == 1:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, start("in_process") as front:
        peer = HttpUpstream(f"http://127.0.0.1:{port}")
        object.__setattr__(front.gateway.backends["budget"], "app", peer)
        first = await front.client.get("/api/v1/budgets/2026-01", headers=signed_in)
        second = await front.client.request(method, "/api/v1/budgets/2026-01", headers=signed_in)
        await peer.aclose()

    assert (first.status_code, second.status_code) == (200, 503)
    assert len(requests) == 2


async def test_a_process_that_dies_between_head_and_body_has_answered_nothing(start, signed_in):
    async def die(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(die, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, start("in_process") as front:
        peer = HttpUpstream(f"http://127.0.0.1:{port}")
        object.__setattr__(front.gateway.backends["budget"], "app", peer)
        found = await front.client.get("/api/v1/budgets/2026-01", headers=signed_in)
        await peer.aclose()

    assert (found.status_code, found.json()["code"]) == (503, "unavailable")


async def test_a_service_that_nobody_runs_is_not_found(served, new_recorder):
    recorder = new_recorder()
    gateway = build_gateway(GatewaySettings(), {"auth": recorder})
    async with served(gateway) as url, httpx.AsyncClient(base_url=url) as client:
        found = await client.get("/api/v1/accounts")

    assert server_config(gateway, host="127.0.0.1", port=0).access_log is False
    assert found.status_code == 404
