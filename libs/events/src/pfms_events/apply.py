"""One list, one transaction: lock the streams' heads, leave out what is dealt with, apply, move the marks."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import orjson

from pfms_common.sql import connection, scope
from pfms_events.envelope import Envelope, Faulty, Foreign, Opened
from pfms_events.failpoint import failpoint
from pfms_events.progress import Mark, merge, read_marks, write_marks
from pfms_events.subscription import Batch, Subscription

type Waiting = tuple[Envelope | Faulty, str]
"""An event and why it waits."""

_WAITING = """
SELECT r.event_id FROM unnest($1::uuid[], $2::uuid[]) AS u (stream_id, event_id), LATERAL (
    SELECT event_id FROM retry WHERE stream_id = u.stream_id AND consumer = $3 AND event_id = u.event_id LIMIT 1) r
"""
_CLAIM = """
INSERT INTO inbox (stream_id, consumer, event_id, outcome, handled_at)
SELECT u.stream_id, $3, u.event_id, u.outcome, now()
FROM unnest($1::uuid[], $2::uuid[], $4::text[]) AS u (stream_id, event_id, outcome)
ON CONFLICT DO NOTHING RETURNING event_id
"""
_CLOSE_OLDER = """
DELETE FROM retry r USING unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS u (stream_id, aggregate_id, version)
WHERE r.stream_id = u.stream_id AND r.consumer = $4 AND r.aggregate_id = u.aggregate_id
  AND r.aggregate_version < u.version
RETURNING r.stream_id, r.sequence
"""
_WAIT = """
INSERT INTO retry (stream_id, consumer, event_id, producer, sequence, aggregate_id, aggregate_version,
                   envelope, attempts, due_at, parked_at, error)
SELECT u.stream_id, $1, u.event_id, $2, u.sequence, u.aggregate_id, u.version, u.envelope::jsonb, $3::int,
       now() + make_interval(secs => $4), CASE WHEN $5 THEN now() END, u.error
FROM unnest($6::uuid[], $7::uuid[], $8::bigint[], $9::uuid[], $10::bigint[], $11::text[], $12::text[])
    AS u (stream_id, event_id, sequence, aggregate_id, version, envelope, error)
ON CONFLICT (stream_id, consumer, event_id)
DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at, parked_at = excluded.parked_at,
              error = excluded.error
"""
_DONE_WAITING = """
DELETE FROM retry r USING unnest($1::uuid[], $2::uuid[]) AS u (stream_id, event_id)
WHERE r.stream_id = u.stream_id AND r.consumer = $3 AND r.event_id = u.event_id
"""


async def apply(
    pool: asyncpg.Pool,
    subscription: Subscription,
    opened: Sequence[Opened],
    *,
    behind: bool = False,
    retrying: bool = False,
) -> None:
    """Deals with a list for good, in one transaction; raises when any of it fails, and then nothing was done.

    `retrying`: the list comes from the retry table, whose rows go with it.
    """
    streams = sorted({each.stream_id for each in opened})
    with scope(books=streams, users=streams):
        async with connection(pool) as session, session.transaction():
            await session.execute("SELECT lock_heads($1)", streams)
            marks = await read_marks(session, subscription.name, subscription.producer, streams)
            fresh = await _fresh(session, subscription, opened, marks, retrying=retrying)
            faulty = [each for each in fresh if isinstance(each, Faulty)]
            events = [each for each in fresh if isinstance(each, Envelope)]
            await park(session, subscription, [(each, each.error) for each in faulty])
            if subscription.kind == "effects":
                events = await _claim(session, subscription, events)
            if events:
                await subscription.handle(session, Batch(events, behind))
            done = [(each.stream_id, each.sequence) for each in fresh if not isinstance(each, Faulty)]
            if retrying:
                await _done_waiting(session, subscription, events_of(fresh))
            if (subscription.kind == "projection" and any(mark.waiting for mark in marks.values())) or faulty:
                done += await _close_older(session, subscription, events)
            if subscription.whole:
                await _advance(session, subscription, marks, done)
    failpoint("after_apply_before_ack")


def events_of(opened: Iterable[Opened]) -> list[Envelope]:
    return [each for each in opened if isinstance(each, Envelope)]


async def _fresh(
    session: asyncpg.Connection,
    subscription: Subscription,
    opened: Sequence[Opened],
    marks: dict[UUID, Mark],
    *,
    retrying: bool,
) -> list[Opened]:
    """What is not dealt with yet and not waiting in the retry table, each once."""
    once: dict[tuple[UUID, int], Opened] = {}
    for each in opened:
        once.setdefault((each.stream_id, each.sequence), each)
    if retrying:
        return list(once.values())
    fresh = [each for each in once.values() if not marks[each.stream_id].covers(each.sequence)]
    suspects = [e for e in fresh if not isinstance(e, Foreign) and marks[e.stream_id].waiting]
    if suspects:
        streams, ids = [e.stream_id for e in suspects], [e.id for e in suspects]
        rows = await session.fetch(_WAITING, streams, ids, subscription.name)
        waiting = {row["event_id"] for row in rows}
        fresh = [each for each in fresh if isinstance(each, Foreign) or each.id not in waiting]
    return fresh


async def _claim(
    session: asyncpg.Connection, subscription: Subscription, events: Sequence[Envelope]
) -> list[Envelope]:
    """The events whose effect has not been had; replayed and outlived ones are claimed without effect."""
    outcomes = ["applied" if _has_effect(subscription, event) else "ignored" for event in events]
    streams, ids = [event.stream_id for event in events], [event.id for event in events]
    rows = await session.fetch(_CLAIM, streams, ids, subscription.name, outcomes)
    claimed = {row["event_id"] for row in rows}
    return [
        event
        for event, outcome in zip(events, outcomes, strict=True)
        if outcome == "applied" and event.id in claimed
    ]


def _has_effect(subscription: Subscription, event: Envelope) -> bool:
    limit = subscription.ignore_older_than
    return event.mode == "live" and (limit is None or datetime.now(UTC) - event.occurred_at <= limit)


async def _close_older(
    session: asyncpg.Connection, subscription: Subscription, events: Sequence[Envelope]
) -> list[tuple[UUID, int]]:
    """A newer version was applied, so an older one that waits or is parked is stale: its number is dealt with."""
    streams, aggregates = [e.stream_id for e in events], [e.aggregate_id for e in events]
    versions = [e.aggregate_version for e in events]
    rows = await session.fetch(_CLOSE_OLDER, streams, aggregates, versions, subscription.name)
    return [(row["stream_id"], row["sequence"]) for row in rows]


async def _advance(
    session: asyncpg.Connection,
    subscription: Subscription,
    marks: dict[UUID, Mark],
    done: Iterable[tuple[UUID, int]],
) -> None:
    numbers: dict[UUID, list[tuple[int, int]]] = {}
    for stream_id, sequence in done:
        numbers.setdefault(stream_id, []).append((sequence, sequence))
    moved = {stream_id: merge(marks[stream_id], runs) for stream_id, runs in numbers.items()}
    if moved:
        await write_marks(session, subscription.name, subscription.producer, moved)


async def _done_waiting(
    session: asyncpg.Connection, subscription: Subscription, events: Sequence[Envelope]
) -> None:
    streams, ids = [event.stream_id for event in events], [event.id for event in events]
    await session.execute(_DONE_WAITING, streams, ids, subscription.name)


async def park(session: asyncpg.Connection, subscription: Subscription, waiting: Sequence[Waiting]) -> None:
    """For an operator to look at; inside the caller's transaction and scope."""
    await put_off(session, subscription, waiting, attempts=0, seconds=None)


async def put_off(
    session: asyncpg.Connection,
    subscription: Subscription,
    waiting: Sequence[Waiting],
    *,
    attempts: int,
    seconds: float | None,
) -> None:
    """Notes events in the retry table, to be tried again in so many seconds, or parked when that is None."""
    if not waiting:
        return
    columns = [
        (
            each.stream_id,
            each.id,
            each.sequence,
            each.aggregate_id,
            each.aggregate_version,
            orjson.dumps(each.raw).decode(),
            error,
        )
        for each, error in waiting
    ]
    parked = seconds is None
    arguments = (subscription.name, subscription.producer, attempts, seconds or 0.0, parked)
    await session.execute(_WAIT, *arguments, *map(list, zip(*columns, strict=True)))
