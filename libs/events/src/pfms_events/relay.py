"""The relay: one leader per service reads what is unsent, publishes it and strikes off what is held for good.

It reads a table of what is left to do, never "numbers greater than the last": those lose rows that commit late.
Whatever happens between publishing and striking off is a duplicate, which no consumer minds.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from pfms_common import tracing
from pfms_common.sql import COMMAND_SECONDS, CONNECT_SECONDS
from pfms_events import metrics
from pfms_events.envelope import ENVELOPE
from pfms_events.failpoint import failpoint
from pfms_events.leader import lead
from pfms_events.outbox import CHANNEL
from pfms_events.parcel import Parcel, Row, causes, pack, parcel
from pfms_events.resting import Resting
from pfms_events.topology import Topology
from pfms_events.transport import Outcome, Transport

READ_LIMIT = 1000
POLL_SECONDS = 0.5
UNROUTABLE_SECONDS = 10.0
_MEASURE_SECONDS = 5.0
_BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0)
# A plan kept from the time when the tables were empty cost five times.
SESSION = {"plan_cache_mode": "force_custom_plan", "statement_timeout": "8s", "application_name": "relay"}

_ROW = f"u.occurred_at, u.stream_id, u.sequence, e.type, {ENVELOPE.format(source='$1::text')} AS envelope"
_READ = f"""
SELECT {_ROW} FROM unsent u, LATERAL (
    SELECT * FROM event WHERE stream_id = u.stream_id AND sequence = u.sequence LIMIT 1) e
WHERE e.type <> ALL ($2::text[]) AND u.stream_id <> ALL ($3::uuid[])
ORDER BY u.occurred_at, u.stream_id, u.sequence LIMIT {READ_LIMIT}
"""
_OLDEST_UNROUTABLE = f"""
SELECT {_ROW} FROM (
    SELECT DISTINCT ON (type) at AS occurred_at, stream_id, sequence FROM unroutable ORDER BY type, at, sequence
) u, LATERAL (SELECT * FROM event WHERE stream_id = u.stream_id AND sequence = u.sequence LIMIT 1) e
"""
_STRIKE_OFF = """
DELETE FROM unsent
USING unnest($1::timestamptz[], $2::uuid[], $3::bigint[]) AS held (occurred_at, stream_id, sequence)
WHERE unsent.occurred_at = held.occurred_at AND unsent.stream_id = held.stream_id
  AND unsent.sequence = held.sequence
"""
_NOTE = """
INSERT INTO unroutable (stream_id, sequence, type, error, at)
SELECT *, now() FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class RelayState:
    """For /readyz: `leading` in one process of a service; the others stand by and are just as ready."""

    leading: bool = False
    held_back: frozenset[str] = frozenset()
    alive: bool = True


@dataclass(slots=True)
class _Relay:
    url: str
    transport: Transport
    source: str
    routed: frozenset[str]
    wake: asyncio.Event
    unroutable_every: float
    resting: Resting = field(default_factory=Resting)
    state: RelayState = field(default_factory=RelayState)
    tried_at: float = 0.0
    measured_at: float = 0.0
    failures: int = 0


@dataclass(slots=True)
class _Sent:
    """What became of rows; `unknown`: of some, nobody can tell, so the broker is given time."""

    held: list[Row] = field(default_factory=list)
    unroutable: list[tuple[Row, str]] = field(default_factory=list)
    unknown: bool = False


@asynccontextmanager
async def relay(
    url: str,
    transport: Transport,
    *,
    source: str,
    topology: Topology,
    wake: asyncio.Event | None = None,
    unroutable_every: float = UNROUTABLE_SECONDS,
    resting: Resting | None = None,
) -> AsyncIterator[RelayState]:
    """Runs a service's relay until the block ends.

    Args:
        url: the database as the relay role; two connections are opened, the lock's and the one that works.
        transport: started by the caller, and stopped after this.
        source: the service's name, which stands in every envelope.
        topology: says which types have queues; the others are struck off without publishing.
        wake: set it after a commit where writers live in this process; others notify (`outbox.notifier`).
        unroutable_every: seconds between two tries of what no queue took.
        resting: how long streams that are written in bulk wait.
    """
    relaying = _Relay(
        url,
        transport,
        source,
        topology.routed,
        wake or asyncio.Event(),
        unroutable_every,
        resting or Resting(),
    )
    task = asyncio.create_task(
        lead(url, f"relay {source}", CHANNEL, relaying.wake, lambda: _work(relaying)), name=f"relay {source}"
    )
    task.add_done_callback(lambda _: setattr(relaying.state, "alive", False))
    try:
        yield relaying.state
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _work(relaying: _Relay) -> None:
    connection = await asyncpg.connect(
        relaying.url, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS, server_settings=SESSION
    )
    relaying.state.leading = True
    metrics.LEADER.labels(relaying.source).set(1)
    try:
        relaying.state.held_back = frozenset(await _held_back(connection))
        while True:
            relaying.wake.clear()
            full = await _round(relaying, connection)
            await _rest(relaying, full=full)
    finally:
        relaying.state.leading = False
        metrics.LEADER.labels(relaying.source).set(0)
        connection.terminate()


async def _rest(relaying: _Relay, *, full: bool) -> None:
    """Not at all while reads are full; longer and longer while the broker is away; else until poked."""
    if relaying.failures:
        await asyncio.sleep(_BACKOFF_SECONDS[min(relaying.failures, len(_BACKOFF_SECONDS)) - 1])
    elif not full:
        poll = POLL_SECONDS / 2 if relaying.resting.began else POLL_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(poll):
                await relaying.wake.wait()


async def _round(relaying: _Relay, connection: asyncpg.Connection) -> bool:
    """One read, published and struck off; whether the read was full."""
    await _try_unroutable(relaying, connection)
    await _measure(relaying, connection)
    rows, full = await _read(relaying, connection)
    failpoint("after_commit_before_publish")
    done = [row for row in rows if row.type not in relaying.routed]
    metrics.STRUCK_OFF.labels(relaying.source).inc(len(done))
    held, unroutable = await _publish(relaying, pack([row for row in rows if row.type in relaying.routed]))
    metrics.PUBLISHED.labels(relaying.source).inc(len(held))
    failpoint("after_publish_before_mark")
    if unroutable:
        await _note(relaying, connection, unroutable)
    if done or held:
        keys = [(row.occurred_at, row.stream_id, row.sequence) for row in (*done, *held)]
        await connection.execute(_STRIKE_OFF, *zip(*keys, strict=True))
    return full


async def _read(relaying: _Relay, connection: asyncpg.Connection) -> tuple[list[Row], bool]:
    """What to send now, and whether there is more; what is being written in bulk waits (`resting`)."""
    resting = await relaying.resting.streams(connection)
    records = await connection.fetch(_READ, relaying.source, list(relaying.state.held_back), resting)
    rows = [Row(*record) for record in records]
    if len(rows) < READ_LIMIT:
        return rows, False
    begun = await relaying.resting.begin(connection, (row.stream_id for row in rows))
    return [row for row in rows if row.stream_id not in begun], True


async def _publish(relaying: _Relay, parcels: Sequence[Parcel]) -> tuple[list[Row], list[tuple[Row, str]]]:
    """What is held for good, and what no queue takes; the rest stays in the outbox and is tried again."""
    if not parcels:
        return [], []
    sent = _Sent()
    await _send(relaying, parcels, sent)
    relaying.failures = relaying.failures + 1 if sent.unknown else 0
    return sent.held, sent.unroutable


async def _send(relaying: _Relay, parcels: Sequence[Parcel], sent: _Sent) -> None:
    """Publishes and notes in `sent` what became of each; a refused list goes again, each of its rows alone."""
    with tracing.span("publish", service=relaying.source, kind="PRODUCER", causes=causes(parcels)):
        outcomes = await relaying.transport.publish_many([each.message for each in parcels])
    for each, outcome in zip(parcels, outcomes, strict=True):
        if outcome is Outcome.HELD:
            sent.held += each.rows
        elif outcome is Outcome.UNKNOWN:
            sent.unknown = True
        elif outcome is Outcome.REFUSED and len(each.rows) > 1:
            await _send(relaying, [parcel([row], bulk=each.message.bulk) for row in each.rows], sent)
        else:
            sent.unroutable += [(row, outcome.value) for row in each.rows]


async def _note(
    relaying: _Relay, connection: asyncpg.Connection, unroutable: Iterable[tuple[Row, str]]
) -> None:
    columns = [(row.stream_id, row.sequence, row.type, error) for row, error in unroutable]
    await connection.execute(_NOTE, *zip(*columns, strict=True))
    relaying.state.held_back |= {column[2] for column in columns}


async def _try_unroutable(relaying: _Relay, connection: asyncpg.Connection) -> None:
    """Tries the oldest of each type that is held back; where one goes through, its type is read again."""
    now = time.monotonic()
    if not relaying.state.held_back or now - relaying.tried_at < relaying.unroutable_every:
        return
    relaying.tried_at = now
    oldest = [Row(*record) for record in await connection.fetch(_OLDEST_UNROUTABLE, relaying.source)]
    parcels = [parcel([row], bulk=False) for row in oldest if row.type in relaying.routed]
    held, _ = await _publish(relaying, parcels)
    free = [row.type for row in held] + [row.type for row in oldest if row.type not in relaying.routed]
    await connection.execute("DELETE FROM unroutable WHERE type = ANY ($1::text[])", free)
    relaying.state.held_back = frozenset(await _held_back(connection))


async def _held_back(connection: asyncpg.Connection) -> list[str]:
    return [record["type"] for record in await connection.fetch("SELECT DISTINCT type FROM unroutable")]


async def _measure(relaying: _Relay, connection: asyncpg.Connection) -> None:
    now = time.monotonic()
    if now - relaying.measured_at < _MEASURE_SECONDS:
        return
    relaying.measured_at = now
    amount, oldest = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM (SELECT FROM unsent LIMIT 100000) AS counted),"
        " (SELECT min(occurred_at) FROM unsent)"
    )
    age = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0
    metrics.UNSENT.labels(relaying.source).set(amount)
    metrics.OUTBOX_AGE.labels(relaying.source).set(max(age, 0))
    metrics.UNROUTABLE.labels(relaying.source).set(len(relaying.state.held_back))
