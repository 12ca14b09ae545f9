"""What a month may be filled from: the month planned last, and what categories cost in the months before."""

from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.domain.filling import MONTHS_LOOKED_AT, Candidate

_LAST = """
SELECT greatest(
    (SELECT max(first_day) FROM plan WHERE book_id = $1 AND first_day < $2),
    (SELECT max(first_day) FROM allocation WHERE book_id = $1 AND first_day < $2))
"""
_BEFORE = "SELECT first_day FROM month WHERE book_id = $1 AND first_day < $2 ORDER BY first_day DESC LIMIT $3"
_SPENT = """
SELECT c.id, c.spending_class, coalesce(c.is_essential, false) AS is_essential,
       array(SELECT coalesce((SELECT l.actual FROM month_line l
                              WHERE l.book_id = $1 AND l.first_day = u.first_day AND l.category_id = c.id), 0)
             FROM unnest($2::date[]) WITH ORDINALITY AS u (first_day, n) ORDER BY u.n) AS spent
FROM category c WHERE c.book_id = $1 AND c.type = 'expense' AND c.is_archived IS NOT TRUE ORDER BY c.id
"""


async def last_planned(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> date | None:
    """The first day of the latest month before with a header or an allocation."""
    day: date | None = await connection.fetchval(_LAST, book_id, first_day)
    return day


async def candidates(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> list[Candidate]:
    """The expense categories that are not archived, with what they cost in the months before."""
    before = [
        row["first_day"] for row in await connection.fetch(_BEFORE, book_id, first_day, MONTHS_LOOKED_AT)
    ]
    rows = await connection.fetch(_SPENT, book_id, before)
    return [
        Candidate(
            row["id"], row["spending_class"], row["is_essential"], [int(minor) for minor in row["spent"]]
        )
        for row in rows
    ]
