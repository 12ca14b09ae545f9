"""Whether a book can be restored into, looked at under its lock."""

from uuid import UUID

import asyncpg

# The starting tree comes by itself, and goes for what is restored, be it nothing: more may not have happened.
_FRESH = """SELECT NOT EXISTS (SELECT FROM event
    WHERE stream_id = $1 AND type NOT IN ('category.created', 'category.deleted'))"""
_CATEGORIES = "SELECT id, version FROM category WHERE book_id = $1"


async def is_fresh(connection: asyncpg.Connection, book_id: UUID) -> bool:
    fresh: bool = await connection.fetchval(_FRESH, book_id)
    return fresh


async def base_currency(connection: asyncpg.Connection, book_id: UUID) -> str | None:
    base: str | None = await connection.fetchval("SELECT base_currency FROM book WHERE book_id = $1", book_id)
    return base


async def categories(connection: asyncpg.Connection, book_id: UUID) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(_CATEGORIES, book_id)
    return rows
