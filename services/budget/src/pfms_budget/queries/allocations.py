"""Reading allocations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.domain.allocation import AllocationType
from pfms_budget.domain.rollover import Rollover

_READ = """
SELECT a.*, m.key AS month
FROM allocation a LEFT JOIN month m ON m.book_id = a.book_id AND m.first_day = a.first_day
WHERE a.book_id = $1
"""
_GET = f"{_READ} AND a.id = $2"
_OF_MONTH = f"{_READ} AND a.first_day = $2 ORDER BY a.position, a.id"
_SINCE = f"{_READ} AND a.first_day >= $2 ORDER BY a.first_day, a.position, a.id"
_OF_CATEGORY = f"{_READ} AND a.category_id = $2 ORDER BY a.first_day"
_ROLLOVERS_BEFORE = """
SELECT DISTINCT ON (category_id) category_id, rollover FROM allocation
WHERE book_id = $1 AND category_id = ANY ($2) AND first_day < $3 ORDER BY category_id, first_day DESC
"""
_TYPES = """
SELECT id, type FROM category WHERE book_id = $1 AND id = ANY ($2) AND type IS NOT NULL
UNION ALL SELECT id, 'card_payment' FROM account
WHERE book_id = $1 AND id = ANY ($2) AND keeps_debt AND on_budget
"""


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a month sets aside for a category; `percentage` in hundredths, None for a fixed amount.

    `month` is the key of the month that begins on `first_day`, which the row itself does not hold.
    """

    id: UUID
    month: str
    first_day: date
    category_id: UUID
    type: AllocationType
    percentage: int | None
    allocated_minor: int
    rollover: Rollover
    colour: str | None
    position: int
    version: int


async def get(connection: asyncpg.Connection, book_id: UUID, allocation_id: UUID) -> Allocation | None:
    row = await connection.fetchrow(_GET, book_id, allocation_id)
    return _allocation(row) if row else None


async def of_month(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> list[Allocation]:
    """In the order that people gave them."""
    return [_allocation(row) for row in await connection.fetch(_OF_MONTH, book_id, first_day)]


async def since(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> list[Allocation]:
    """Those of months that begin on a day or later, oldest first."""
    return [_allocation(row) for row in await connection.fetch(_SINCE, book_id, first_day)]


async def of_category(connection: asyncpg.Connection, book_id: UUID, category_id: UUID) -> list[Allocation]:
    """By month, the earliest first."""
    return [_allocation(row) for row in await connection.fetch(_OF_CATEGORY, book_id, category_id)]


async def rollovers_before(
    connection: asyncpg.Connection, book_id: UUID, category_ids: Sequence[UUID], first_day: date
) -> dict[UUID, Rollover]:
    """By category the policy last set for it in an earlier month, where one was."""
    rows = await connection.fetch(_ROLLOVERS_BEFORE, book_id, category_ids, first_day)
    return {row["category_id"]: Rollover(row["rollover"]) for row in rows}


async def category_types(
    connection: asyncpg.Connection, book_id: UUID, category_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """By id; of a card that keeps its debt card_payment. What there is not is not in it."""
    return {row["id"]: row["type"] for row in await connection.fetch(_TYPES, book_id, category_ids)}


def _allocation(row: asyncpg.Record) -> Allocation:
    fields = {name: row[name] for name in Allocation.__slots__}
    return Allocation(
        **{**fields, "type": AllocationType(row["type"]), "rollover": Rollover(row["rollover"])}
    )
