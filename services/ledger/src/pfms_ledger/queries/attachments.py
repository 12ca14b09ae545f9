"""Reading attachments, and finding those and their files that are due to go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

_COLUMNS = "id, transaction_id, name, media_type, size_bytes, sha256, created_at, created_by, version"
_OF_ONE = f"""SELECT {_COLUMNS} FROM attachment WHERE book_id = $1 AND id = $2"""
_OF_TRANSACTION = (
    f"""SELECT {_COLUMNS} FROM attachment WHERE book_id = $1 AND transaction_id = $2 ORDER BY id"""
)
_IS_THERE = "SELECT EXISTS (SELECT FROM transaction WHERE book_id = $1 AND id = $2 AND type <> 'opening')"
_IS_KEPT = "SELECT EXISTS (SELECT FROM blob WHERE book_id = $1 AND sha256 = $2)"
# Of every book, by the relay role: whose transaction has been a tombstone for longer than the grace lasts.
_OUTLIVED = """SELECT a.book_id, a.id FROM attachment a, LATERAL (
        SELECT e.type, e.occurred_at FROM event e
        WHERE e.stream_id = a.book_id AND e.aggregate_id = a.transaction_id
        ORDER BY e.aggregate_version DESC LIMIT 1
    ) AS newest
    WHERE newest.type = 'transaction.deleted' AND newest.occurred_at < $1 LIMIT $2"""
_UNUSED = """SELECT b.book_id, b.sha256 FROM blob b
    WHERE b.keep_until <= $1
      AND NOT EXISTS (SELECT FROM attachment a WHERE a.book_id = b.book_id AND a.sha256 = b.sha256) LIMIT $2"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a transaction; its bytes stand in the store under the book and their sha-256."""

    id: UUID
    transaction_id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    created_at: datetime
    created_by: UUID | None
    version: int


async def get(connection: asyncpg.Connection, book_id: UUID, attachment_id: UUID) -> Attachment | None:
    """One whose transaction is there: with a deleted one its attachments are not found."""
    row = await connection.fetchrow(_OF_ONE, book_id, attachment_id)
    if row is None or not await is_there(connection, book_id, row["transaction_id"]):
        return None
    return Attachment(**row)


async def of_a_tombstone(
    connection: asyncpg.Connection, book_id: UUID, attachment_id: UUID
) -> Attachment | None:
    """One whose transaction is deleted."""
    row = await connection.fetchrow(_OF_ONE, book_id, attachment_id)
    if row is None or await is_there(connection, book_id, row["transaction_id"]):
        return None
    return Attachment(**row)


async def found(pool: asyncpg.Pool, book_id: UUID, attachment_id: UUID) -> Attachment | None:
    """The same, in a transaction of its own."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return await get(connection, book_id, attachment_id)


async def is_there(connection: asyncpg.Connection, book_id: UUID, transaction_id: UUID) -> bool:
    there: bool = await connection.fetchval(_IS_THERE, book_id, transaction_id)
    return there


async def of_transaction(
    connection: asyncpg.Connection, book_id: UUID, transaction_id: UUID
) -> list[Attachment] | None:
    """Oldest first; None: there is no such transaction."""
    if not await is_there(connection, book_id, transaction_id):
        return None
    return [Attachment(**row) for row in await connection.fetch(_OF_TRANSACTION, book_id, transaction_id)]


async def listed(pool: asyncpg.Pool, book_id: UUID, transaction_id: UUID) -> list[Attachment] | None:
    """The same, in a transaction of its own."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return await of_transaction(connection, book_id, transaction_id)


async def is_kept(connection: asyncpg.Connection, book_id: UUID, sha256: str) -> bool:
    """Whether the file has not been removed."""
    kept: bool = await connection.fetchval(_IS_KEPT, book_id, sha256)
    return kept


async def outlived(relay: asyncpg.Pool, before: datetime, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """Book and attachment, where the transaction was deleted before that time."""
    return [(row[0], row[1]) for row in await relay.fetch(_OUTLIVED, before, limit)]


async def unused(relay: asyncpg.Pool, now: datetime, limit: int) -> Sequence[tuple[UUID, str]]:
    """Book and sha-256 of files that nothing refers to, and that need not be kept any longer."""
    return [(row[0], row[1]) for row in await relay.fetch(_UNUSED, now, limit)]
