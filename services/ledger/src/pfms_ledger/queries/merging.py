"""Which transactions a merge has to move, a batch at a time."""

from uuid import UUID

import asyncpg

# No order: what is moved is no longer found, and the last batch is the one that finds fewer than asked for.
_IN_CATEGORY = """SELECT DISTINCT transaction_id FROM (
        SELECT transaction_id FROM posting WHERE book_id = $1 AND category_id = $2 AND kind = 'category' LIMIT $3
    ) AS found"""
_OF_PAYEE = "SELECT id FROM transaction WHERE book_id = $1 AND payee_id = $2 LIMIT $3"


async def in_category(
    connection: asyncpg.Connection, book_id: UUID, category_id: UUID, limit: int
) -> list[UUID]:
    """Some transactions with a split of this category; none only when there is none."""
    return [row[0] for row in await connection.fetch(_IN_CATEGORY, book_id, category_id, limit)]


async def of_payee(connection: asyncpg.Connection, book_id: UUID, payee_id: UUID, limit: int) -> list[UUID]:
    """Some transactions that name this payee."""
    return [row[0] for row in await connection.fetch(_OF_PAYEE, book_id, payee_id, limit)]
