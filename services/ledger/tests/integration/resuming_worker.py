"""A process that goes on with what nobody works on, for tests that kill it: `python resuming_worker.py '<json>'`.

The JSON holds `app` and `relay`, the database's addresses. It writes "ready" before it begins.
"""

import asyncio
import json
import sys

from pfms_ledger.app import SERVICE
from pfms_ledger.operations.resuming import resume
from pfms_service.resources import open_resources


async def work(addresses: dict[str, str]) -> None:
    settings = SERVICE.settings.model_validate(
        {"database_url": addresses["app"], "relay_database_url": addresses["relay"]}
    )
    async with (
        open_resources(
            SERVICE, settings, needs_relay=True, poke=lambda: None, peers={}, feeds={}
        ) as resources,
        SERVICE.own(resources) as ledger,
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await resume(ledger, resources.relay_pool)


if __name__ == "__main__":
    asyncio.run(work(json.loads(sys.argv[1])))
