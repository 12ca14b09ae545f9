"""The gateway as its own process."""

import asyncio
import json
import os
import signal
import socket
import sys

import httpx2 as httpx
import pytest


@pytest.fixture
async def own_process(served, new_recorder):
    recorder = new_recorder()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with served(recorder) as service:
        upstreams = dict.fromkeys(("auth", "ledger", "budget"), service)
        told = {"GATEWAY_UPSTREAMS": json.dumps(upstreams), "GATEWAY_PORT": str(port)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pfms_gateway", "serve", env={**os.environ, **told}
        )
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            await _until_ready(client)
            yield process, client, recorder
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _until_ready(client):
    for _ in range(500):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.02)
    pytest.fail("the gateway did not become ready")


async def _until_nobody_is_let_in(url):
    for _ in range(500):
        try:
            async with httpx.AsyncClient(base_url=url) as late:
                await late.get("/healthz")
        except httpx.TransportError:
            return
        await asyncio.sleep(0.02)
    pytest.fail("the gateway still takes connections")


async def test_it_serves_and_knows_its_services_by_settings(own_process, signed_in):
    _, client, recorder = own_process
    found = await client.get("/api/v1/accounts", headers=signed_in)

    assert found.status_code == 200
    assert recorder.last.path == "/api/v1/accounts"


async def test_what_is_under_way_is_finished_when_it_is_told_to_stop(own_process, signed_in, reply):
    process, client, recorder = own_process
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope, receive, send):
        begun.set()
        await go_on.wait()
        await reply(send, 200, b'{"late":true}')

    recorder.behaviour = slow
    request = asyncio.create_task(client.get("/api/v1/accounts", headers=signed_in))
    await asyncio.wait_for(begun.wait(), 5)
    process.send_signal(signal.SIGTERM)
    await _until_nobody_is_let_in(client.base_url)
    go_on.set()

    assert (await request).json() == {"late": True}
    assert await asyncio.wait_for(process.wait(), 10) in {0, -signal.SIGTERM}


async def test_without_services_it_says_what_to_set():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pfms_gateway", "serve", stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()

    assert process.returncode == 1
    assert b"GATEWAY_UPSTREAMS" in said
