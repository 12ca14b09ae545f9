"""The retry table at work: what failed for a while is tried again when it is due."""

from collections.abc import Mapping, Sequence

import asyncpg
import orjson

from pfms_common.sql import connection
from pfms_events import metrics
from pfms_events.deal import store, try_apply
from pfms_events.envelope import Faulty, Foreign, open_envelope
from pfms_events.failures import describe, due_in, is_transient
from pfms_events.subscription import Subscription

_DUE = """
SELECT consumer, envelope, attempts FROM retry
WHERE consumer = ANY ($1::text[]) AND parked_at IS NULL AND due_at <= now() ORDER BY due_at LIMIT 200
"""
_WAITING = """
SELECT consumer, count(*) FILTER (WHERE parked_at IS NULL) AS retrying, count(parked_at) AS parked
FROM retry WHERE consumer = ANY ($1::text[]) GROUP BY consumer
"""


async def measure(relay_pool: asyncpg.Pool, consumers: Sequence[str]) -> None:
    """How many events wait, for operators to see."""
    async with connection(relay_pool) as session:
        rows = {row["consumer"]: row for row in await session.fetch(_WAITING, consumers)}
    for name in consumers:
        for state in ("retrying", "parked"):
            metrics.WAITING.labels(name, state).set(rows[name][state] if name in rows else 0)


async def try_due(
    app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, subscriptions: Mapping[str, Subscription]
) -> int:
    """Tries each event that is due, alone; how many there were. The relay role finds, the app role acts."""
    async with connection(relay_pool) as session:
        due = await session.fetch(_DUE, list(subscriptions))
    for row in due:
        await _try_one(
            app_pool, subscriptions[row["consumer"]], orjson.loads(row["envelope"]), row["attempts"]
        )
    return len(due)


async def _try_one(
    pool: asyncpg.Pool, subscription: Subscription, item: Mapping[str, object], attempts: int
) -> None:
    opened = open_envelope(item, subscription.models, subscription.producer)
    failed = await try_apply(pool, subscription, [opened], retrying=True)
    if failed is None or isinstance(opened, Foreign):
        return
    seconds = due_in(attempts + 1) if is_transient(failed) and not isinstance(opened, Faulty) else None
    if seconds is None:
        metrics.PARKED.labels(subscription.name).inc()
    await store(pool, subscription, [(opened, describe(failed))], attempts=attempts + 1, seconds=seconds)
