"""A relay and its consumers in a process of their own, for tests that kill it: `python -m … '<json>'`.

The JSON holds the four addresses of `open_world`, `broker_url` (empty for the transport inside the process),
`prefix`, `name` (the amounts consumer's), `letters` (the effects consumer's) and `heal`. It writes "ready" when
it is serving, and runs until it is killed.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from pfms_events.testing.projection import amounts, letters
from pfms_events.testing.world import open_world
from pfms_events.transport import Transport
from pfms_events.transport.memory import MemoryTransport
from pfms_events.transport.rabbit import RabbitTransport


async def serve(settings: dict[str, Any]) -> None:
    broker_url, prefix = settings["broker_url"], settings["prefix"]
    transport: Transport = RabbitTransport(broker_url, prefix=prefix) if broker_url else MemoryTransport()
    async with open_world(**settings["addresses"]) as world:
        both = (amounts(settings["name"]), letters(settings["letters"]))
        async with world.running(transport, *both, healing=settings["heal"]):
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


@asynccontextmanager
async def child(settings: dict[str, Any], *, failpoint: str = "") -> AsyncIterator[Process]:
    """Such a process; serving when it is given, unless it is to die at a failpoint. Killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        orjson.dumps(settings).decode(),
        env=os.environ | {"PFMS_FAILPOINT": failpoint},
        stdout=PIPE,
    )
    try:
        if not failpoint and process.stdout is not None:
            while await process.stdout.readline() not in (b"ready\n", b""):
                continue
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve(orjson.loads(sys.argv[1])))
