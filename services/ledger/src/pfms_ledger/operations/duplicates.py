"""Remembering that two transactions look alike and are two."""

from uuid import UUID

from pfms_common.problem import NotFound
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.db import dismissals
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import duplicates as queries


async def dismiss(ledger: Ledger, book_id: UUID, one: UUID, other: UUID, *, dismissed: bool) -> None:
    """Offers the pair no more, or again. It is no event: no row of the book changes by it."""
    with scope(books=[book_id]):
        async with connection_of(ledger.facts.pool) as connection, connection.transaction():
            if await queries.present(connection, book_id, [one, other]) < 2:
                raise NotFound(
                    "There is no such transaction in this book.",
                    errors={"transaction_ids": ["there is no such transaction in this book"]},
                )
            keep = dismissals.dismiss if dismissed else dismissals.offer
            await keep(connection, book_id, one, other)
