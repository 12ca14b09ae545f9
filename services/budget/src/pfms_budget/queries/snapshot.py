"""Reading one state of a book by several statements, without holding up its writers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SCOPE = "SELECT set_config('app.book_ids', $1, true)"


@asynccontextmanager
async def snapshot(pool: asyncpg.Pool, book_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees the book as it was at its first statement, and changes nothing."""
    async with connection_of(pool) as connection:
        await connection.execute(_BEGIN)
        try:
            await connection.execute(_SCOPE, f"{{{book_id}}}")
            yield connection
        finally:
            await connection.execute("ROLLBACK")
