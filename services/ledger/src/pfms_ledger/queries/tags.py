"""Reading the tags of a book."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.tag import spellings

# A step of the primary key for each tag, however many transactions have it. They compare folded, and so in Python.
_KNOWN = """WITH RECURSIVE known AS (
        (SELECT tag FROM transaction_tag WHERE book_id = $1 ORDER BY tag LIMIT 1)
        UNION ALL
        SELECT (SELECT x.tag FROM transaction_tag x WHERE x.book_id = $1 AND x.tag > k.tag ORDER BY x.tag LIMIT 1)
        FROM known k WHERE k.tag IS NOT NULL)
    SELECT tag FROM known WHERE tag IS NOT NULL"""
_COUNTED = """SELECT tag, count(*) AS transactions FROM transaction_tag
    WHERE book_id = $1 AND tag = ANY ($2) GROUP BY tag ORDER BY tag"""
_TAGGED = """SELECT DISTINCT transaction_id FROM transaction_tag WHERE book_id = $1 AND tag = ANY ($2)
    ORDER BY transaction_id LIMIT $3"""
_COUNT = "SELECT count(DISTINCT transaction_id) FROM transaction_tag WHERE book_id = $1 AND tag = ANY ($2)"


@dataclass(frozen=True, slots=True)
class Tag:
    tag: str
    transactions: int


async def listed(pool: asyncpg.Pool, book_id: UUID, *, starts_with: str, after: str, limit: int) -> list[Tag]:
    """A page by name, with how many transactions have each tag, on themselves or on a split."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            known = await _known(connection, book_id)
            meant = [tag for tag in known if tag > after and fold(tag).startswith(fold(starts_with))]
            rows = await connection.fetch(_COUNTED, book_id, meant[:limit])
    return [Tag(**row) for row in rows]


async def spelt(pool: asyncpg.Pool, book_id: UUID, tag: str) -> list[str]:
    """How the tag is written in the book."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return await spelt_in(connection, book_id, tag)


async def spelt_in(connection: asyncpg.Connection, book_id: UUID, tag: str) -> list[str]:
    """The same as this connection's transaction sees it."""
    return spellings(tag, await _known(connection, book_id))


async def _known(connection: asyncpg.Connection, book_id: UUID) -> list[str]:
    return [row[0] for row in await connection.fetch(_KNOWN, book_id)]


async def tagged(
    connection: asyncpg.Connection, book_id: UUID, tags: Sequence[str], limit: int
) -> list[UUID]:
    """Some of the transactions that have one of these spellings."""
    return [row[0] for row in await connection.fetch(_TAGGED, book_id, tags, limit)]


async def count(connection: asyncpg.Connection, book_id: UUID, tags: Sequence[str]) -> int:
    """How many transactions have one of these spellings."""
    found: int = await connection.fetchval(_COUNT, book_id, tags)
    return found
