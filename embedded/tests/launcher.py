"""Starts the embedded servers on the folder in its first argument, says where they are, and waits to be ended."""

import asyncio
import json
import signal
import sys
from pathlib import Path

from pfms_embedded.servers import EmbeddedServers


async def main(home: Path) -> None:
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    async with EmbeddedServers(home, max_connections=20, port=18080) as servers:
        where = {
            "admin_url": servers.postgres_admin_url,
            "redis_url": servers.redis_url,
            "postmaster": int((home / "postgres/data/postmaster.pid").read_text().split()[0]),
            "valkey": int((home / "valkey/pid").read_text()),
        }
        print(json.dumps(where), flush=True)  # noqa: T201  # standard output is how the test is told
        await asyncio.wait(
            [asyncio.create_task(servers.watch()), asyncio.create_task(asked.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )


asyncio.run(main(Path(sys.argv[1])))
