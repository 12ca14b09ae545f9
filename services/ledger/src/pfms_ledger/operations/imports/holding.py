"""Holding an import while it is worked on: one worker at a time, and another takes over when it dies."""

import asyncio
import contextlib
from collections.abc import Awaitable

import asyncpg

from pfms_common import logs
from pfms_common.problem import Busy, Refusal, Unavailable
from pfms_common.sql import refusal_of
from pfms_ledger.db import imports
from pfms_ledger.db.imports import Held, LostImport, transaction_in

BEAT_SECONDS = 5

log = logs.get("imports")


async def carry_out(
    pool: asyncpg.Pool, held: Held, work: Awaitable[None], *, fails: bool = True
) -> Refusal | None:
    """Does the work while keeping the lease alive; at the end, whatever ended it, gives it back.

    A refusal of the ledger's own (a closed account, say) is answered and, where `fails`, fails the import, since
    trying again would not help. All else is raised and leaves it as it is: the job finds it and goes on.
    """
    beating = asyncio.create_task(_beat(pool, held))
    try:
        await work
    except LostImport:
        log.info("another worker goes on with the import, or it was deleted", import_id=str(held.id))
    except Refusal as refusal:
        if isinstance(refusal, Busy | Unavailable):
            raise
        if fails:
            async with transaction_in(pool, held.book_id) as connection:
                await imports.fail(connection, held, refusal.detail)
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
                await imports.keep(connection, held)
        except LostImport:
            return  # the next write finds out by itself
        except Exception as error:
            if refusal_of(error) is None and not isinstance(error, Refusal):
                raise
            log.warning("a lease could not be renewed just now", import_id=str(held.id))


async def _release(pool: asyncpg.Pool, held: Held) -> None:
    try:
        async with transaction_in(pool, held.book_id) as connection:
            await imports.release(connection, held)
    except Exception as error:
        if refusal_of(error) is None and not isinstance(error, Refusal):
            raise
        log.warning("a lease runs out by itself: the database is away", import_id=str(held.id))
