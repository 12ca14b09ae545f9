"""Runs a service's jobs by the clock, each in one process at a time."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pfms_common import logs
from pfms_service.service import Job, Running

log = logs.get("jobs")


@asynccontextmanager
async def run_jobs(jobs: Sequence[Job], running: Running) -> AsyncIterator[None]:
    """Starts a loop per job; leaving it cancels them, and a run that was cut off is found due again."""
    tasks = [asyncio.create_task(_loop(job, running), name=job.name) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _loop(job: Job, running: Running) -> None:
    while True:
        try:
            await run_once(job, running)
        except Exception:
            log.exception("a job failed; it runs again at its next time", job=job.name)
        # Spread, so that replicas and services do not all wake in the same instant.
        await asyncio.sleep(job.every * random.uniform(0.9, 1.1))  # noqa: S311  # no secret


async def run_once(job: Job, running: Running) -> bool:
    """One run under the job's advisory lock; False: another process is at it."""
    pool = running.resources.relay_pool
    if pool is None:
        raise RuntimeError("the jobs role opens a relay pool")
    async with pool.acquire() as connection:
        key = f"pfms job {running.resources.settings.model_config.get('env_prefix', '')}{job.name}"
        if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key):
            return False
        try:
            await job.run(running)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", key)
    return True
