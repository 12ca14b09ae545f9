"""S1: the gateway (token check, limiter, headers, request id) against nginx's proxy_pass.

Both stand before an nginx that answers 300 bytes from memory; embedded, the gateway calls the answer in its process.
"""

import json
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from bench.apps import ANSWER_BYTES, NO_LIMITS
from bench.load import Load, Request, load, request
from bench.measure import Cpu
from bench.people import DAY
from bench.report import Row, at_least, at_most, ratio_of
from bench.world import Running, World, free_port, process, ready
from pfms_service.testing import Person

CONNECTIONS = 32
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")

_CONFIG = """
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_body_temp_path {folder}/{name}; proxy_temp_path {folder}/{name};
    fastcgi_temp_path {folder}/{name}; uwsgi_temp_path {folder}/{name}; scgi_temp_path {folder}/{name};
    keepalive_requests 100000000;
    upstream answer {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ {location} }}
    }}
}}
"""
_ANSWER = f'default_type application/json; return 200 "{"x" * ANSWER_BYTES}";'
_PROXY = 'proxy_pass http://answer; proxy_http_version 1.1; proxy_set_header Connection "";'


async def run(world: World) -> list[Row]:
    if NGINX is None:
        return [Row("S1", "gateway", "nginx is not here")]
    headers = Person().headers(expires_in=DAY)
    asked = [request("GET", "/api/v1/transactions", headers)]
    async with (
        _nginx(world, "answer", _ANSWER) as answer,
        _nginx(world, "proxy", _PROXY, answer.port) as proxy,
        _split(world, answer) as split,
        world.gateway_in_process() as embedded,
    ):
        rows = []
        for name, served, goal in (("split", split, 0.15), ("embedded", embedded, 0.6)):
            rows += await _throughput(world, name, asked, proxy, served, goal)
        for name, served in (("split", split), ("embedded", embedded)):
            rows += await _latency(world, name, asked, proxy, served)
    return rows


async def _throughput(
    world: World, name: str, asked: Sequence[Request], proxy: Running, served: Running, goal: float
) -> list[Row]:
    await load(served.port, asked, connections=CONNECTIONS, seconds=world.seconds(1))
    pairs: list[tuple[Load, Load]] = []
    cpu: list[tuple[float, float]] = []
    for _ in world.rounds(5):
        floor, floor_cpu = await _measured(world, proxy, asked)
        found, found_cpu = await _measured(world, served, asked)
        pairs.append((floor, found))
        cpu.append((floor_cpu, found_cpu))
    ratio = ratio_of([(floor.rate, found.rate) for floor, found in pairs])
    return [
        Row(
            "S1",
            f"gateway {name}, {CONNECTIONS} connections",
            f"{median(f.rate for f, _ in pairs):.0f}/s; CPU {median(f for f, _ in cpu):.0f} µs",
            f"{median(p.rate for _, p in pairs):.0f}/s; CPU {median(p for _, p in cpu):.0f} µs",
            f"{ratio:.2f} ×",
            at_least(ratio, goal),
        )
    ]


async def _measured(world: World, served: Running, asked: Sequence[Request]) -> tuple[Load, float]:
    cpu = Cpu(proxy=served.pid)
    found = await load(served.port, asked, connections=CONNECTIONS, seconds=world.seconds(4))
    return found, cpu.micros_per(found.done)["proxy"]


async def _latency(
    world: World, name: str, asked: Sequence[Request], proxy: Running, served: Running
) -> list[Row]:
    pairs = [
        (
            (await load(proxy.port, asked, connections=1, seconds=world.seconds(2))).p50,
            (await load(served.port, asked, connections=1, seconds=world.seconds(2))).p50,
        )
        for _ in world.rounds(5)
    ]
    floor, product = median(f for f, _ in pairs), median(p for _, p in pairs)
    added = median(p - f for f, p in pairs)
    return [
        Row(
            "S1",
            f"gateway {name}, one connection, p50",
            f"{floor:.2f} ms",
            f"{product:.2f} ms",
            f"+{added:.2f} ms",
            at_most(added, 0.3, "ms"),
        )
    ]


@asynccontextmanager
async def _split(world: World, answer: Running) -> AsyncIterator[Running]:
    """The gateway as the split run starts it."""
    told = {
        "GATEWAY_UPSTREAMS": json.dumps({"auth": world.keys, "ledger": answer.url}),
        "GATEWAY_REDIS_URL": world.servers.redis_url,
        "GATEWAY_LIMITS": json.dumps(NO_LIMITS),
        "GATEWAY_PORT": str(port := free_port()),
    }
    log = world.folder / "log"
    async with process([sys.executable, "-m", "pfms_gateway", "serve"], told, log) as pid:
        await ready(port, log, "/healthz")
        yield Running(pid, port)


@asynccontextmanager
async def _nginx(world: World, name: str, location: str, upstream: int = 1) -> AsyncIterator[Running]:
    port = free_port()
    config: Path = world.folder / f"{name}.conf"
    config.write_text(
        _CONFIG.format(folder=world.folder, name=name, upstream=upstream, port=port, location=location)
    )
    log = world.folder / "log"
    async with process([str(NGINX), "-c", str(config)], {}, log) as pid:
        await ready(port, log, "/")
        yield Running(pid, port)
