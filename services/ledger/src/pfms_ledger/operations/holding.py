"""Holding what is worked on: one worker at a time, and another takes over when it dies."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import asyncpg

from pfms_common import logs
from pfms_common.problem import Busy, Refusal, Unavailable
from pfms_common.sql import refusal_of
from pfms_ledger.db import leases
from pfms_ledger.db.leases import Held, LostLease, transaction_in

BEAT_SECONDS = 5

log = logs.get("holding")

type Fail = Callable[[asyncpg.Connection, Held, str], Awaitable[None]]


async def carry_out(
    pool: asyncpg.Pool, held: Held, work: Awaitable[None], fail: Fail | None
) -> Refusal | None:
    """Does the work while keeping the lease alive; at the end, whatever ended it, gives it back.

    A refusal of the ledger's own (a closed account, say) is answered and ends it by `fail`, since trying again would
    not help. All else is raised and leaves it as it is: the job finds it and goes on.
    """
    beating = asyncio.create_task(_beat(pool, held))
    try:
        await work
    except LostLease:
        log.info("another worker goes on with it, or it is gone", what=held.table, id=str(held.id))
    except Refusal as refusal:
        if isinstance(refusal, Busy | Unavailable):
            raise
        if fail is not None:
            async with transaction_in(pool, held.book_id) as connection:
                await fail(connection, held, refusal.detail)
        return refusal
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating
        await asyncio.shield(_release(pool, held))
    return None


async def _beat(pool: asyncpg.Pool, held: Held) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        try:
            async with transaction_in(pool, held.book_id) as connection:
                await leases.keep(connection, held)
        except LostLease:
            return  # the next write finds out by itself
        except Exception as error:
            if refusal_of(error) is None and not isinstance(error, Refusal):
                raise
            log.warning("a lease could not be renewed just now", what=held.table, id=str(held.id))


async def _release(pool: asyncpg.Pool, held: Held) -> None:
    try:
        async with transaction_in(pool, held.book_id) as connection:
            await leases.release(connection, held)
    except Exception as error:
        if refusal_of(error) is None and not isinstance(error, Refusal):
            raise
        log.warning("a lease runs out by itself: the database is away", what=held.table, id=str(held.id))
