"""What happened, from the events: the book's whole log, and its last number."""

from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_events.history import COLUMNS, Entry

_OF_BOOK = f"SELECT {COLUMNS} FROM event WHERE stream_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
_HEAD = "SELECT sequence FROM stream_head WHERE stream_id = $1"


async def of_book(pool: asyncpg.Pool, book_id: UUID, *, after: int, limit: int) -> tuple[list[Entry], int]:
    """The book's events after a number, and the last number there is."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_OF_BOOK, book_id, after, limit)
            head = await connection.fetchval(_HEAD, book_id)
    return [Entry(**row) for row in rows], head or 0


async def last_number(pool: asyncpg.Pool, book_id: UUID) -> int:
    """The book's newest number; 0 where nothing happened yet."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            head = await connection.fetchval(_HEAD, book_id)
    return head or 0
