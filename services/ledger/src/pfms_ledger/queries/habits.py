"""Reading habits, their logs and what those come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.habit import Sum

_HABITS = """
    SELECT h.id, h.name, h.unit_cost_minor, h.currency, h.icon, h.target_reduction, h.is_active, h.note, h.version,
           coalesce(l.quantity, 0)::text AS total_quantity, coalesce(l.cost_minor, 0)::bigint AS total_cost_minor
    FROM habit h LEFT JOIN LATERAL (
        SELECT sum(quantity::numeric) AS quantity, sum(cost_minor) AS cost_minor FROM habit_log
        WHERE book_id = h.book_id AND habit_id = h.id) AS l ON true
    WHERE h.book_id = $1 AND ($2::uuid IS NULL OR h.id = $2) AND ($3 OR h.is_active) ORDER BY h.id"""
_LOGS = """SELECT id, habit_id, date, time, quantity, cost_minor, note, transaction_id, version FROM habit_log
    WHERE book_id = $1 AND habit_id = $2 AND ($3::date IS NULL OR (date, id) < ($3, $4))
    ORDER BY date DESC, id DESC LIMIT $5"""
_MONTHS = """SELECT to_char(date, 'YYYY-MM') AS month, sum(quantity::numeric) AS quantity,
           sum(cost_minor)::bigint AS cost_minor, count(*) AS logs
    FROM habit_log WHERE book_id = $1 AND habit_id = $2 AND date BETWEEN $3 AND $4 GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class Totalled:
    """A habit as it stands, with all that was logged: quantity as decimal text, cost in minor units."""

    id: UUID
    name: str
    unit_cost_minor: int
    currency: str
    icon: str | None
    target_reduction: int | None
    is_active: bool
    note: str | None
    version: int
    total_quantity: str
    total_cost_minor: int


@dataclass(frozen=True, slots=True)
class Log:
    id: UUID
    habit_id: UUID
    date: date
    time: str | None
    quantity: str
    cost_minor: int
    note: str | None
    transaction_id: UUID | None
    version: int


async def habits(
    pool: asyncpg.Pool, book_id: UUID, *, habit_id: UUID | None = None, include_inactive: bool = True
) -> list[Totalled]:
    """All of a book in the order they were made, or one."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_HABITS, book_id, habit_id, include_inactive)
    return [Totalled(**row) for row in rows]


async def totalled(connection: asyncpg.Connection, book_id: UUID, habit_id: UUID) -> Totalled | None:
    """One, in this connection's transaction."""
    row = await connection.fetchrow(_HABITS, book_id, habit_id, True)
    return Totalled(**row) if row else None


async def logs(
    pool: asyncpg.Pool, book_id: UUID, habit_id: UUID, *, after: tuple[date, UUID] | None, limit: int
) -> Sequence[Log]:
    """A page, newest first."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_LOGS, book_id, habit_id, *(after or (None, None)), limit)
    return [Log(**row) for row in rows]


async def log(connection: asyncpg.Connection, book_id: UUID, habit_id: UUID, log_id: UUID) -> int | None:
    """The version of a log of this habit."""
    version: int | None = await connection.fetchval(
        "SELECT version FROM habit_log WHERE book_id = $1 AND habit_id = $2 AND id = $3",
        book_id,
        habit_id,
        log_id,
    )
    return version


async def sums(
    pool: asyncpg.Pool, book_id: UUID, habit_id: UUID, first: date, last: date
) -> Mapping[str, Sum]:
    """What was logged in each month that has anything."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_MONTHS, book_id, habit_id, first, last)
    return {row["month"]: Sum(row["quantity"], row["cost_minor"], row["logs"]) for row in rows}
