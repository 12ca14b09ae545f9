"""When the ledger merges a category into another, its allocations are added to the other's, period by period."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.domain.allocation import AllocationType
from pfms_budget.operations import log
from pfms_budget.operations.allocations import put, remove
from pfms_budget.queries import allocations as queries
from pfms_budget.queries.allocations import Allocation


async def merge(connection: asyncpg.Connection, book_id: UUID, source: UUID, into: UUID) -> Sequence[date]:
    """Answers the first days of the periods that it changes; the caller holds the book's head.

    Where the other has an allocation too, it becomes the fixed sum of both; else the row goes over as it is.
    """
    rows = await queries.of_category(connection, book_id, source)
    present = {row.first_day: row for row in await queries.of_category(connection, book_id, into)}
    both = [row for row in rows if row.first_day in present]
    for row in both:
        await remove(connection, book_id, row.id)
    after = [_after(row, present.get(row.first_day), into) for row in rows]
    await put(connection, book_id, after)
    gone = [log.allocation_deleted(row.id, row.version) for row in both]
    await log.tell(connection, book_id, [*gone, *map(log.allocation_kept, after)], None)
    return [row.first_day for row in rows]


def _after(row: Allocation, other: Allocation | None, into: UUID) -> Allocation:
    if other is None:
        return replace(row, category_id=into, version=row.version + 1)
    return replace(
        other,
        type=AllocationType.FIXED,
        percentage=None,
        allocated_minor=other.allocated_minor + row.allocated_minor,
        version=other.version + 1,
    )
