"""Free text: what the search function finds, all of it or the newest part."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from pfms_ledger.domain.searched import patterns_of

MOST_WORDS = 10
"""Of a query; what comes after them is left out."""
PART, GROWTH = 1000, 8
"""How much is looked at first where other filters narrow what is found, and how much more each next time."""
FOUND = "t.id IN (SELECT search_transactions($1, {}, {}::date, {}::date, {}::date, {}::bigint, {}::int))"
_NEWEST = "SELECT search_transactions($1, $2, $3, $4, $5, $6, $7)"
_PLACE = "SELECT date, number FROM transaction WHERE book_id = $1 AND id = $2"


def asked(
    q: str, first: date | None, last: date | None, before: tuple[date, int] | None, most: int | None
) -> list[Any]:
    """What the function is given besides the book."""
    return [patterns_of(q, MOST_WORDS), first, last, *(before or (None, None)), most]


async def newest(
    connection: asyncpg.Connection,
    book_id: UUID,
    q: str,
    first: date | None,
    last: date | None,
    *,
    before: tuple[date, int] | None,
    most: int,
) -> tuple[list[UUID], tuple[date, int] | None]:
    """The newest that it finds before a place in the list, and the place of the last of them; None: that is all."""
    ids = [row[0] for row in await connection.fetch(_NEWEST, book_id, *asked(q, first, last, before, most))]
    if len(ids) < most:
        return ids, None
    place = await connection.fetchrow(_PLACE, book_id, ids[-1])
    return ids, (place["date"], place["number"])
