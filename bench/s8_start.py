"""S8: the embedded form from `make run` on an installed tree to ready, the first time and again; memory at rest."""

import asyncio
import signal
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

from bench.measure import cpu_seconds, name, pss_bytes, tree
from bench.report import Row, at_most
from bench.world import Running, World, free_port, process, ready

REST_SECONDS = 5
MEGABYTE = 1e6


async def run(world: World) -> list[Row]:
    async with embedded(world, "s8") as (first, _):
        pass
    again, cpu = [], []
    for number in world.rounds(5):
        async with embedded(world, "s8") as (seconds, product):
            again.append(seconds)
            cpu.append(cpu_seconds(product.pid))
            if number == 0:
                await asyncio.sleep(world.seconds(REST_SECONDS))
                parts = _memory(product.pid)
    start, whole = median(again), sum(parts.values())
    told = ", ".join(f"{part} {size / MEGABYTE:.0f}" for part, size in sorted(parts.items()))
    return [
        Row(
            "S8",
            "start until ready",
            product=f"{start:.2f} s; CPU {median(cpu):.2f} s",
            goal=at_most(start, 2.5, "s"),
        ),
        Row("S8", "first start, databases made", product=f"{first:.2f} s", goal=at_most(first, 8, "s")),
        Row(
            "S8",
            "memory of everything at rest (PSS)",
            product=f"{whole / MEGABYTE:.0f} MB: {told}",
            goal=at_most(whole / MEGABYTE, 250, "MB"),
        ),
    ]


@asynccontextmanager
async def embedded(world: World, home: str, **told: str) -> AsyncIterator[tuple[float, Running]]:
    """`make run`, without make, on a folder of its own."""
    port = free_port()
    environment = {"PFMS_HOME": str(world.folder / home), "PFMS_PORT": str(port), **told}
    began, log = time.perf_counter(), world.folder / "log"
    words = [sys.executable, "-m", "pfms_embedded", "run"]
    async with process(words, environment, log, ending=signal.SIGINT) as pid:
        await ready(port, log)
        yield time.perf_counter() - began, Running(pid, port)


def _memory(pid: int) -> dict[str, float]:
    """Bytes by program; what processes share is shared out among them."""
    parts: dict[str, float] = defaultdict(float)
    for one in tree(pid):
        words = name(one)
        kind = next((kind for kind in ("valkey", "postgres") if kind in words.split()[0]), "")
        parts[kind or ("Python" if one == pid else "other")] += pss_bytes([one])
    return dict(parts)
