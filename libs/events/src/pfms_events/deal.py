"""What happens to a list until every event of it is applied, waits in the retry table, or is parked."""

import asyncio
import random
from collections.abc import Sequence

import asyncpg
import structlog

from pfms_common.sql import connection, scope
from pfms_events import metrics
from pfms_events.apply import Waiting, apply, put_off
from pfms_events.envelope import Foreign, Opened
from pfms_events.failures import describe, due_in, hold, is_away, is_transient, reachable
from pfms_events.subscription import Subscription

LIST_LIMIT = 1000
_TRIES = 3

_log = structlog.get_logger(__name__)


async def deal(
    pool: asyncpg.Pool, subscription: Subscription, opened: Sequence[Opened], *, behind: bool = False
) -> None:
    """Returns when every event is dealt with or safely waits; it raises only when it is cancelled.

    A transient failure is tried three times and then goes to the retry table; any other failure halves the
    list until the bad event stands alone, which is parked. While the database is away it waits.
    """
    for start in range(0, len(opened), LIST_LIMIT):
        part = opened[start : start + LIST_LIMIT]
        await _settle(pool, subscription, part, behind=behind or start + LIST_LIMIT < len(opened))
    metrics.APPLIED.labels(subscription.name).inc(len(opened))


async def _settle(
    pool: asyncpg.Pool, subscription: Subscription, part: Sequence[Opened], *, behind: bool
) -> None:
    failed = await try_apply(pool, subscription, part, behind=behind)
    if failed is None:
        return
    if is_transient(failed):
        await _store(pool, subscription, part, failed, attempts=1, seconds=due_in(1))
    elif len(part) == 1:
        await _store(pool, subscription, part, failed, attempts=0, seconds=None)
    else:
        middle = len(part) // 2
        await _settle(pool, subscription, part[:middle], behind=True)
        await _settle(pool, subscription, part[middle:], behind=behind)


async def try_apply(
    pool: asyncpg.Pool,
    subscription: Subscription,
    part: Sequence[Opened],
    *,
    behind: bool = False,
    retrying: bool = False,
) -> Exception | None:
    """Applies, or answers with what failed: at once if that is permanent, else after three tries."""
    tries = holds = 0
    while True:
        try:
            await apply(pool, subscription, part, behind=behind, retrying=retrying)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises belongs to its events
            if is_away(error) and not await reachable(pool):
                _log.warning("events.database_away", consumer=subscription.name, error=describe(error))
                await hold(holds)
                holds += 1
                continue
            tries += 1
            if not is_transient(error) or tries == _TRIES:
                _log.warning(
                    "events.failed", consumer=subscription.name, error=describe(error), events=len(part)
                )
                return error
            await asyncio.sleep(random.uniform(0, 0.05 * tries))  # noqa: S311  # parts two that deadlocked
        else:
            return None


async def _store(
    pool: asyncpg.Pool,
    subscription: Subscription,
    part: Sequence[Opened],
    error: Exception,
    *,
    attempts: int,
    seconds: float | None,
) -> None:
    """Writes the events into the retry table; parked when `seconds` is None."""
    waiting = [(each, describe(error)) for each in part if not isinstance(each, Foreign)]
    counter = metrics.PARKED if seconds is None else metrics.RETRIED
    counter.labels(subscription.name).inc(len(waiting))
    await store(pool, subscription, waiting, attempts=attempts, seconds=seconds)


async def store(
    pool: asyncpg.Pool,
    subscription: Subscription,
    waiting: Sequence[Waiting],
    *,
    attempts: int,
    seconds: float | None,
) -> None:
    """Like `apply.put_off`, in a transaction of its own that is tried until it went through."""
    streams = sorted({each.stream_id for each, _ in waiting})
    holds = 0
    while streams:
        try:
            with scope(books=streams, users=streams):
                async with connection(pool) as session, session.transaction():
                    await session.execute("SELECT lock_heads($1)", streams)
                    await put_off(session, subscription, waiting, attempts=attempts, seconds=seconds)
        except Exception as error:
            if not is_transient(error):
                raise
            await hold(holds)
            holds += 1
        else:
            return
