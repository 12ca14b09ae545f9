"""A scheduler of its own, for tests that kill it: `python recurring_worker.py '<json>'`.

The JSON holds `app` and `relay`, the database's addresses, and `now`, the time it takes it to be. It writes "ready"
before it begins.
"""

import asyncio
import json
import sys
from datetime import datetime

from pfms_ledger.app import SERVICE
from pfms_ledger.operations.waking import wake
from pfms_service.resources import open_resources


async def work(told: dict[str, str]) -> None:
    settings = SERVICE.settings.model_validate(
        {"database_url": told["app"], "relay_database_url": told["relay"]}
    )
    now = datetime.fromisoformat(told["now"])
    async with (
        open_resources(
            SERVICE,
            settings,
            needs_relay=True,
            poke=lambda: None,
            peers={},
            feeds={},
            clock=lambda: now,
        ) as resources,
        SERVICE.own(resources) as ledger,
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await wake(ledger, resources.relay_pool)


if __name__ == "__main__":
    asyncio.run(work(json.loads(sys.argv[1])))
