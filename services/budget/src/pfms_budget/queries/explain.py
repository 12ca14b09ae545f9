"""What explanations are read from, besides the months themselves."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.db.cell_json import from_json
from pfms_budget.domain.cells import Cells
from pfms_common.period import Period

_BEHIND = """
SELECT id, day, cells::text AS cells FROM transaction
WHERE book_id = $1 AND day >= $2 AND day <= $4 AND (day > $2 OR id > $3) ORDER BY day, id LIMIT $5
"""
_SPENDING = """
SELECT id, is_essential FROM category
WHERE book_id = $1 AND type = 'expense' AND spending_class IS DISTINCT FROM 'debt' AND is_essential IS NOT NULL
"""
_MINIMUMS = "SELECT account_id, minor::text AS minor FROM minimum_payments($1, $2, $3) ORDER BY account_id"


async def transactions(
    connection: asyncpg.Connection, book_id: UUID, first: date, after: UUID, last: date, most: int
) -> list[tuple[UUID, date, Cells]]:
    """Copies of transactions with their cells, by day and id: those of the day `first` with an id above `after`, and
    of the days that follow up to `last`.
    """
    rows = await connection.fetch(_BEHIND, book_id, first, after, last, most)
    return [(row["id"], row["day"], from_json(row["cells"]) or {}) for row in rows]


async def spending(connection: asyncpg.Connection, book_id: UUID) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """The categories of spending other than debt payments: the essential ones, and the rest."""
    rows = await connection.fetch(_SPENDING, book_id)
    return [row["id"] for row in rows if row["is_essential"]], [
        row["id"] for row in rows if not row["is_essential"]
    ]


async def minimums(connection: asyncpg.Connection, book_id: UUID, period: Period) -> dict[UUID, int]:
    """What is due at least in the period, by account, in minor units."""
    rows = await connection.fetch(_MINIMUMS, book_id, period.first, period.last)
    return {row["account_id"]: int(row["minor"]) for row in rows}
