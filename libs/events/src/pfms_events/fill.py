"""Gaps: what a lost message, queue or broker left out is taken from the producer's feed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_common.sql import connection, scope
from pfms_events import metrics
from pfms_events.deal import deal
from pfms_events.envelope import open_envelope
from pfms_events.feed import PAGE, Feed
from pfms_events.progress import Mark, Numbers, merge, missing, read_marks, write_marks
from pfms_events.subscription import Subscription

_RETRYING = "SELECT sequence FROM retry WHERE stream_id = $1 AND consumer = $2 AND producer = $3"
_WITH_HOLES = """
SELECT stream_id, upper(ahead) - 1 AS head FROM progress
WHERE consumer = $1 AND producer = $2 AND ahead <> '{}'
"""


async def behind(
    relay_pool: asyncpg.Pool, subscription: Subscription, feed: Feed, since: datetime | None
) -> dict[UUID, int]:
    """Compares heads: the streams, changed since then, of which the consumer has not dealt with all numbers."""
    found: dict[UUID, int] = {}
    after: UUID | None = None
    while True:
        heads = await feed.streams(after=after, since=since)
        found |= await _with_gaps(relay_pool, subscription, heads)
        if len(heads) < PAGE:
            return found
        after = heads[-1][0]


async def holes(relay_pool: asyncpg.Pool, subscription: Subscription) -> dict[UUID, int]:
    """The streams of which later numbers were dealt with than some earlier one."""
    async with connection(relay_pool) as session:
        rows = await session.fetch(_WITH_HOLES, subscription.name, subscription.producer)
    return await _with_gaps(relay_pool, subscription, [(row["stream_id"], row["head"]) for row in rows])


async def _with_gaps(
    relay_pool: asyncpg.Pool, subscription: Subscription, heads: Sequence[tuple[UUID, int]]
) -> dict[UUID, int]:
    if not heads:
        return {}
    async with connection(relay_pool) as session:
        streams = [stream_id for stream_id, _ in heads]
        marks = await read_marks(session, subscription.name, subscription.producer, streams)
        return {
            stream_id: head
            for stream_id, head in heads
            if await _gaps(session, subscription, stream_id, marks[stream_id], head)
        }


async def _gaps(
    session: asyncpg.Connection, subscription: Subscription, stream_id: UUID, mark: Mark, head: int
) -> list[Numbers]:
    if not missing(mark, head):
        return []
    return missing(mark, head, await _retrying(session, subscription, stream_id) if mark.waiting else ())


async def _retrying(session: asyncpg.Connection, subscription: Subscription, stream_id: UUID) -> list[int]:
    rows = await session.fetch(_RETRYING, stream_id, subscription.name, subscription.producer)
    return [row["sequence"] for row in rows]


async def fill(
    app_pool: asyncpg.Pool, subscription: Subscription, feed: Feed, stream_id: UUID, head: int
) -> int:
    """Takes what is missing up to `head` from the feed; how many events came.

    A consumer of some types asks for these only, and its mark moves to what the feed has answered for.
    """
    gaps = await _missing_now(app_pool, subscription, stream_id, head)
    if not subscription.whole and gaps:
        gaps = [(gaps[0][0], head)]
    return sum([await _fill_run(app_pool, subscription, feed, stream_id, run) for run in gaps])


async def _fill_run(
    app_pool: asyncpg.Pool, subscription: Subscription, feed: Feed, stream_id: UUID, run: Numbers
) -> int:
    types = () if subscription.whole else subscription.types
    models, amount, after = subscription.models, 0, run[0] - 1
    while after < run[1]:
        page = await feed.events(stream_id, after=after, to=run[1], types=types)
        await deal(
            app_pool,
            subscription,
            [open_envelope(item, models, subscription.producer) for item in page.items],
            behind=True,
        )
        if page.through > after:
            await _mark(app_pool, subscription, stream_id, (after + 1, page.through))
        metrics.FILLED.labels(subscription.name).inc(len(page.items))
        amount += len(page.items)
        if page.through <= after:
            return amount  # the producer was restored to an older state; there is nothing to take
        after = page.through
    return amount


async def _mark(app_pool: asyncpg.Pool, subscription: Subscription, stream_id: UUID, run: Numbers) -> None:
    with scope(books=[stream_id], users=[stream_id]):
        async with connection(app_pool) as session, session.transaction():
            await session.execute("SELECT lock_heads($1)", [stream_id])
            await mark_dealt(session, subscription, stream_id, [run])


async def mark_dealt(
    session: asyncpg.Connection, subscription: Subscription, stream_id: UUID, runs: Iterable[Numbers]
) -> None:
    """Counts these numbers as dealt with, but for those that wait in the retry table; under the head lock."""
    marks = await read_marks(session, subscription.name, subscription.producer, [stream_id])
    waiting = sorted(await _retrying(session, subscription, stream_id))
    dealt = [part for run in runs for part in without(run, waiting)]
    moved = {stream_id: merge(marks[stream_id], dealt)}
    await write_marks(session, subscription.name, subscription.producer, moved)


def without(run: Numbers, waiting: Sequence[int]) -> list[Numbers]:
    """The run without these rising numbers."""
    parts, first = [], run[0]
    for number in waiting:
        if first <= number <= run[1]:
            parts.append((first, number - 1))
            first = number + 1
    return [(a, b) for a, b in [*parts, (first, run[1])] if a <= b]


async def _missing_now(
    app_pool: asyncpg.Pool, subscription: Subscription, stream_id: UUID, head: int
) -> list[Numbers]:
    with scope(books=[stream_id], users=[stream_id]):
        async with connection(app_pool) as session, session.transaction():
            marks = await read_marks(session, subscription.name, subscription.producer, [stream_id])
            return await _gaps(session, subscription, stream_id, marks[stream_id], head)
