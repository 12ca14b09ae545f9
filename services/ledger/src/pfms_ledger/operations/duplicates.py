"""Remembering that two transactions look alike and are two."""

from uuid import UUID

from pfms_common.problem import NotFound
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.operations.recording import Ledger

_PRESENT = "SELECT count(*) FROM transaction WHERE book_id = $1 AND id = ANY ($2) AND type <> 'opening'"
_DISMISS = """INSERT INTO duplicate_dismissed (book_id, first_id, second_id)
    VALUES ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid)) ON CONFLICT DO NOTHING"""
_OFFER = """DELETE FROM duplicate_dismissed WHERE book_id = $1
    AND first_id = least($2::uuid, $3::uuid) AND second_id = greatest($2::uuid, $3::uuid)"""


async def dismiss(ledger: Ledger, book_id: UUID, one: UUID, other: UUID, *, dismissed: bool) -> None:
    """Offers the pair no more, or again. It is no event: no row of the book changes by it."""
    with scope(books=[book_id]):
        async with connection_of(ledger.facts.pool) as connection, connection.transaction():
            if await connection.fetchval(_PRESENT, book_id, [one, other]) < 2:
                raise NotFound(
                    "There is no such transaction in this book.",
                    errors={"transaction_ids": ["there is no such transaction in this book"]},
                )
            await connection.execute(_DISMISS if dismissed else _OFFER, book_id, one, other)
