"""Reading contributions to goals, and what became of those that the ledger was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_events.saga import SagaState

_COLUMNS = """c.id, c.goal_id, c.amount_minor, c.currency, c.date, c.from_account_id, c.created_at,
    coalesce(s.state, 'settled') AS state, coalesce(s.asked, 0) AS asked, s.ended_at, s.refusal::text AS refusal"""
_FROM = "FROM goal_contribution c LEFT JOIN saga s ON s.stream_id = c.book_id AND s.id = c.id"
_GET = f"SELECT {_COLUMNS} {_FROM} WHERE c.book_id = $1 AND c.goal_id = $2 AND c.id = $3"
_LISTED = f"""
SELECT {_COLUMNS} {_FROM} WHERE c.book_id = $1 AND c.goal_id = $2 AND ($3::date IS NULL OR (c.date, c.id) < ($3, $4))
ORDER BY c.date DESC, c.id DESC LIMIT $5
"""
_IS_THERE = """
SELECT EXISTS (SELECT FROM goal_contribution WHERE book_id = $1 AND id = $2)
    OR EXISTS (SELECT FROM saga WHERE stream_id = $1 AND id = $2)
"""
_CURRENCY = "SELECT currency FROM account WHERE book_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Contribution:
    """`refusal`: why the ledger did not post it, `detail` and `errors` by field."""

    id: UUID
    goal_id: UUID
    amount_minor: int
    currency: str
    date: date
    from_account_id: UUID | None
    created_at: datetime
    state: SagaState
    asked: int
    ended_at: datetime | None
    refusal: Mapping[str, Any] | None


async def get(
    connection: asyncpg.Connection, book_id: UUID, goal_id: UUID, contribution_id: UUID
) -> Contribution | None:
    row = await connection.fetchrow(_GET, book_id, goal_id, contribution_id)
    return _contribution(row) if row else None


async def listed(
    connection: asyncpg.Connection,
    book_id: UUID,
    goal_id: UUID,
    limit: int,
    after: tuple[date, UUID] | None = None,
) -> Sequence[Contribution]:
    """Newest day first; `after`: day and id of the last one seen."""
    day, last = after or (None, None)
    rows = await connection.fetch(_LISTED, book_id, goal_id, day, last, limit)
    return [_contribution(row) for row in rows]


async def is_there(connection: asyncpg.Connection, book_id: UUID, contribution_id: UUID) -> bool:
    there: bool = await connection.fetchval(_IS_THERE, book_id, contribution_id)
    return there


async def currency_of(connection: asyncpg.Connection, book_id: UUID, account_id: UUID) -> str | None:
    """The currency of an account of this book; None where there is none."""
    currency: str | None = await connection.fetchval(_CURRENCY, book_id, account_id)
    return currency


def _contribution(row: asyncpg.Record) -> Contribution:
    refusal = None if row["refusal"] is None else orjson.loads(row["refusal"])
    fields = {name: row[name] for name in Contribution.__slots__}
    return Contribution(**{**fields, "state": SagaState(row["state"]), "refusal": refusal})
