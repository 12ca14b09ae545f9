"""What happened to one thing, from the log: the events of its aggregate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

COLUMNS = """sequence, id, type, aggregate_type, aggregate_id, aggregate_version, occurred_at, actor,
             trace ->> 'correlation_id' AS correlation_id, data::text AS data"""
_OF_ONE = f"""SELECT {COLUMNS} FROM event
    WHERE stream_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND aggregate_version > $4
    ORDER BY aggregate_version LIMIT $5"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a book; `data` is the full state after it, as JSON."""

    sequence: int
    id: UUID
    type: str
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: datetime
    actor: UUID | None
    correlation_id: str | None
    data: str


async def of_one(
    pool: asyncpg.Pool, book_id: UUID, aggregate: str, thing_id: UUID, after: int, limit: int
) -> Sequence[Entry]:
    """The versions of one thing above `after`, oldest first; a deleted one keeps its history."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_OF_ONE, book_id, aggregate, thing_id, after, limit)
    return [Entry(**row) for row in rows]
