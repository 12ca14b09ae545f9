"""What may go: compacted events, old inbox rows, old idempotency keys. Always in small batches.

Compaction keeps the newest event of each aggregate, tombstones too, so the feed stays complete: who reads it
from the start still learns of everything there is.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from pfms_common.sql import connection

EVENTS_KEPT = timedelta(days=14)
INBOX_KEPT = timedelta(days=30)
KEYS_KEPT = timedelta(hours=72)
BATCH = 1000

_COMPACT = """
WITH page AS (
    SELECT stream_id, sequence FROM event WHERE (stream_id, sequence) > ($1, $2)
    ORDER BY stream_id, sequence LIMIT $3
), gone AS (
    DELETE FROM event e USING page p
    WHERE e.stream_id = p.stream_id AND e.sequence = p.sequence
      AND e.occurred_at < $4 AND e.aggregate_type <> ALL ($5::text[])
      AND EXISTS (SELECT FROM event newer WHERE newer.stream_id = e.stream_id
                  AND newer.aggregate_id = e.aggregate_id AND newer.aggregate_version > e.aggregate_version)
      AND NOT EXISTS (SELECT FROM unsent u WHERE u.occurred_at = e.occurred_at
                      AND u.stream_id = e.stream_id AND u.sequence = e.sequence)
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM page) AS read,
       last.stream_id, last.sequence
FROM (SELECT stream_id, sequence FROM page ORDER BY stream_id DESC, sequence DESC LIMIT 1) last
"""
_RETIRE = """
WITH gone AS (
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {table} WHERE {column} < $1 LIMIT $2)) RETURNING 1
) SELECT count(*) FROM gone
"""


async def compact(
    relay_pool: asyncpg.Pool,
    *,
    keep: Collection[str] = (),
    now: datetime | None = None,
    batch: int = BATCH,
) -> int:
    """Deletes events over 14 days old of which the aggregate has a newer one; how many.

    Args:
        relay_pool: the service's database as the relay role.
        keep: aggregate types whose history is promised; the ledger, whose log is its history, never calls this.
        now: the clock's.
        batch: events looked at in one transaction.
    """
    before = (now or datetime.now(UTC)) - EVENTS_KEPT
    stream_id, sequence, gone = UUID(int=0), 0, 0
    while True:
        async with connection(relay_pool) as session:
            row = await session.fetchrow(_COMPACT, stream_id, sequence, batch, before, list(keep))
        if row is None:
            return gone
        gone += row["gone"]
        stream_id, sequence = row["stream_id"], row["sequence"]


async def retire(relay_pool: asyncpg.Pool, *, now: datetime | None = None, batch: int = BATCH) -> int:
    """Deletes inbox rows after 30 days and idempotency keys after 72 hours; how many."""
    at = now or datetime.now(UTC)
    inbox = await _retire(relay_pool, "inbox", "handled_at", at - INBOX_KEPT, batch)
    return inbox + await _retire(relay_pool, "idempotency", "created_at", at - KEYS_KEPT, batch)


async def _retire(pool: asyncpg.Pool, table: str, column: str, before: datetime, batch: int) -> int:
    gone = 0
    while True:
        async with connection(pool) as session:
            some: int = await session.fetchval(_RETIRE.format(table=table, column=column), before, batch)
        gone += some
        if some < batch:
            return gone
