"""Which failures pass by themselves, and how long to wait for them."""

import asyncio
import random

import asyncpg

from pfms_common.problem import Busy, Refusal, StorageFull, Unavailable
from pfms_common.sql import GONE, connection

BACKOFF_SECONDS = (1, 5, 15, 60, 300)
_TRANSIENT_CLASSES = ("08", "40", "53", "55", "57")
# Idle too long inside a transaction, or the whole of it too long: the process was starved. Read-only: a failover.
_TRANSIENT_STATES = ("25P03", "25P04", "25006")
# 28 and 3D: no such role or database now; it can only be heard while connecting.
_AWAY_CLASSES = ("08", "28", "3D", "57")
_HOLD_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)


def is_transient(error: BaseException) -> bool:
    """Lost connections, time-outs, and SQLSTATE classes 08, 40, 53, 55 and 57; all else is permanent."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _TRANSIENT_CLASSES or state in _TRANSIENT_STATES or is_away(error)
    return is_away(error) or isinstance(error, (TimeoutError, StorageFull))


def is_away(error: BaseException) -> bool:
    """The database may be out of reach, so that nothing can be written down about the failure either."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return False
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _AWAY_CLASSES
    return isinstance(error, (Unavailable, Busy, *GONE)) and not isinstance(error, TimeoutError)


def due_in(attempts: int) -> float | None:
    """Seconds to the next try after so many, with jitter; None when it is to be parked."""
    if attempts > len(BACKOFF_SECONDS):
        return None
    return BACKOFF_SECONDS[attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311  # spreads load, hides nothing


async def reachable(pool: asyncpg.Pool) -> bool:
    """Whether the database answers now."""
    try:
        async with connection(pool) as session:
            await session.fetchval("SELECT 1")
    except (asyncpg.PostgresError, *GONE, Refusal):
        return False
    return True


async def hold(times: int) -> None:
    """Waits while the database is away: short at first, five seconds at most."""
    await asyncio.sleep(_HOLD_SECONDS[min(times, len(_HOLD_SECONDS) - 1)])


def describe(error: BaseException) -> str:
    """For the retry table: the kind and the message, cut; never a row's values (PostgreSQL's DETAIL)."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:500]
