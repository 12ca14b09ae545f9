"""`python -m pfms_<name> sagas`: what a service asked of others and got no answer to in time."""

import asyncio
import json

from pfms_common.settings import ServiceSettings
from pfms_common.sql import open_pool
from pfms_events.saga import Saga, delayed
from pfms_service.service import OwnCommand


def _listed(settings: ServiceSettings) -> str:
    found = asyncio.run(_delayed(settings.address("relay_database_url")))
    return "\n".join(map(_line, found)) or "every request was answered in time"


async def _delayed(url: str) -> list[Saga]:
    pool = await open_pool(url, 1)
    try:
        return list(await delayed(pool))
    finally:
        await pool.close()


def _line(saga: Saga) -> str:
    shown = ("stream_id", "id", "type", "subject_id", "asked", "started_at", "due_at")
    return json.dumps({name: str(getattr(saga, name)) for name in shown})


SAGAS = OwnCommand("show requests to other services that were not answered in time", _listed)
