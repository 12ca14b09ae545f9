"""What an operator does about events: list what is parked, retry it, drop it, fill gaps now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_common.sql import connection, scope
from pfms_events.feed import Feed
from pfms_events.fill import behind, fill, mark_dealt
from pfms_events.subscription import Subscription

_PARKED = """
SELECT stream_id, consumer, event_id, envelope ->> 'type' AS type, sequence, attempts, parked_at, error
FROM retry WHERE parked_at IS NOT NULL AND ($1::text IS NULL OR consumer = $1) ORDER BY parked_at LIMIT $2
"""
_RETRY = """
UPDATE retry SET parked_at = NULL, due_at = now(), attempts = 0
WHERE stream_id = $1 AND consumer = $2 AND event_id = $3 AND parked_at IS NOT NULL RETURNING 1
"""
_DROP = """
DELETE FROM retry WHERE stream_id = $1 AND consumer = $2 AND event_id = $3 RETURNING sequence
"""
_DROPPED = """
INSERT INTO inbox (stream_id, consumer, event_id, outcome, handled_at) VALUES ($1, $2, $3, 'dropped', now())
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Parked:
    stream_id: UUID
    consumer: str
    event_id: UUID
    type: str
    sequence: int
    attempts: int
    parked_at: datetime
    error: str


async def parked(
    relay_pool: asyncpg.Pool, consumer: str | None = None, limit: int = 1000
) -> Sequence[Parked]:
    """What waits for an operator, oldest first; of one consumer or of all."""
    async with connection(relay_pool) as session:
        return [Parked(*row) for row in await session.fetch(_PARKED, consumer, limit)]


async def retry(app_pool: asyncpg.Pool, rows: Iterable[Parked]) -> int:
    """Lets the running consumers try these again at once; how many were parked still."""
    done = 0
    for row in rows:
        with scope(books=[row.stream_id], users=[row.stream_id]):
            async with connection(app_pool) as session, session.transaction():
                await session.execute("SELECT lock_heads($1)", [row.stream_id])
                done += await session.fetchval(_RETRY, row.stream_id, row.consumer, row.event_id) or 0
    return done


async def drop(app_pool: asyncpg.Pool, subscription: Subscription, rows: Iterable[Parked]) -> int:
    """Gives these up: their numbers count as dealt with, and they are never applied; how many."""
    done = 0
    for row in rows:
        with scope(books=[row.stream_id], users=[row.stream_id]):
            async with connection(app_pool) as session, session.transaction():
                await session.execute("SELECT lock_heads($1)", [row.stream_id])
                sequence = await session.fetchval(_DROP, row.stream_id, subscription.name, row.event_id)
                if sequence is None:
                    continue
                if subscription.kind == "effects":
                    await session.execute(_DROPPED, row.stream_id, subscription.name, row.event_id)
                await mark_dealt(session, subscription, row.stream_id, [(sequence, sequence)])
                done += 1
    return done


async def fill_now(
    app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, subscription: Subscription, feed: Feed
) -> int:
    """Compares all heads with the producer's and takes what is missing, without waiting; how many events."""
    gaps = await behind(relay_pool, subscription, feed, None)
    return sum(
        [await fill(app_pool, subscription, feed, stream_id, head) for stream_id, head in gaps.items()]
    )
