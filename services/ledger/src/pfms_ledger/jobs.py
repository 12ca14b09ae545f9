"""What the ledger does by the clock."""

from pfms_events.retention import retire
from pfms_ledger.operations import attachments
from pfms_ledger.operations.restating import restate_all
from pfms_ledger.operations.resuming import clear_away, resume
from pfms_ledger.operations.waking import wake
from pfms_service.service import Job, Running

SECONDS_BETWEEN_LOOKS = 10
HOUR = 3600


async def _resuming(running: Running) -> None:
    if running.resources.relay_pool is not None:
        await resume(running.own, running.resources.relay_pool)


async def _rates(running: Running) -> None:
    if running.resources.relay_pool is not None:
        await restate_all(running.own, running.resources.relay_pool)


async def _recurring(running: Running) -> None:
    if running.resources.relay_pool is not None:
        await wake(running.own, running.resources.relay_pool)


async def _retention(running: Running) -> None:
    pool = running.resources.relay_pool
    if pool is not None:
        await retire(pool, now=running.resources.clock())
        await clear_away(running.own, pool)


async def _attachments(running: Running) -> None:
    pool = running.resources.relay_pool
    if pool is not None:
        await attachments.clear_away(running.own, pool, running.resources.clock())


JOBS = (
    Job(name="resuming", every=SECONDS_BETWEEN_LOOKS, run=_resuming),
    Job(name="rates", every=SECONDS_BETWEEN_LOOKS, run=_rates),
    Job(name="recurring", every=SECONDS_BETWEEN_LOOKS, run=_recurring),
    Job(name="attachments", every=HOUR, run=_attachments),
    Job(name="retention", every=HOUR, run=_retention),
)
