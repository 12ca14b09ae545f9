"""What happened, from the events: one transaction's versions, the book's whole log."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_common.problem import NotFound
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

_OF_ONE = """SELECT sequence, id, type, aggregate_type, aggregate_id, aggregate_version, occurred_at, actor,
                    trace ->> 'correlation_id' AS correlation_id, data::text AS data
    FROM event WHERE stream_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND aggregate_version > $4
    ORDER BY aggregate_version LIMIT $5"""
_OF_BOOK = """SELECT sequence, id, type, aggregate_type, aggregate_id, aggregate_version, occurred_at, actor,
                     trace ->> 'correlation_id' AS correlation_id, data::text AS data
    FROM event WHERE stream_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"""


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
    pool: asyncpg.Pool, book_id: UUID, aggregate: str, aggregate_id: UUID, *, after: int, limit: int
) -> list[Entry]:
    """The versions of one thing, oldest first; a deleted one keeps its history."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_OF_ONE, book_id, aggregate, aggregate_id, after, limit)
    if not rows and after == 0:
        raise NotFound(f"There is no such {aggregate} in this book.")
    return [Entry(**row) for row in rows]


async def of_book(pool: asyncpg.Pool, book_id: UUID, *, after: int, limit: int) -> tuple[list[Entry], int]:
    """The book's events after a number, and the last number there is."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_OF_BOOK, book_id, after, limit)
            head = await connection.fetchval("SELECT sequence FROM stream_head WHERE stream_id = $1", book_id)
    return [Entry(**row) for row in rows], head or 0


async def last_number(pool: asyncpg.Pool, book_id: UUID) -> int:
    """The book's newest number; 0 where nothing happened yet."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            head = await connection.fetchval("SELECT sequence FROM stream_head WHERE stream_id = $1", book_id)
    return head or 0
