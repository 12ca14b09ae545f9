"""Reading the valuations of an account: adjustments with the balance that they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.valuation import SOURCE

# What the account held at the end of the day, from its month sums.
_HELD = """(
    coalesce((SELECT sum(m.sum_minor) FROM account_month m
              WHERE m.book_id = $1 AND m.account_id = $2 AND m.month < date_trunc('month', {day})::date), 0)
    + coalesce((SELECT sum(p.amount_minor) FROM posting p
                WHERE p.book_id = $1 AND p.account_id = $2
                  AND p.date BETWEEN date_trunc('month', {day})::date AND {day}), 0))::bigint"""
_VALUATION = f"""SELECT t.id, t.date, t.amount_minor AS adjustment_minor, t.version,
           {_HELD.format(day="t.date")} AS value_minor
    FROM posting g JOIN transaction t ON t.book_id = g.book_id AND t.id = g.transaction_id
    WHERE g.book_id = $1 AND g.account_id = $2 AND t.source = '{SOURCE}'"""
_PAGE = f"{_VALUATION} AND g.date < $3 ORDER BY g.date DESC, g.number DESC LIMIT $4"
_FROM = f"{_VALUATION} AND g.date >= $3 ORDER BY g.date, g.number LIMIT 2"
_BALANCE = f"SELECT {_HELD.format(day='$3::date')} FROM account WHERE book_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Valuation:
    """What an account is worth from a day on, in minor units; `id` is its adjustment's."""

    id: UUID
    date: date
    value_minor: int
    adjustment_minor: int
    version: int


async def page(
    pool: asyncpg.Pool, book_id: UUID, account_id: UUID, *, before: date, limit: int
) -> Sequence[Valuation]:
    """Valuations of days before, newest first; a day has one."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_PAGE, book_id, account_id, before, limit)
    return [Valuation(**row) for row in rows]


async def from_day(
    connection: asyncpg.Connection, book_id: UUID, account_id: UUID, day: date
) -> Sequence[Valuation]:
    """At most two: of the day itself, if there is one, and those that follow."""
    rows = await connection.fetch(_FROM, book_id, account_id, day)
    return [Valuation(**row) for row in rows]


async def held(connection: asyncpg.Connection, book_id: UUID, account_id: UUID, day: date) -> int:
    """The balance at the end of a day."""
    balance: int = await connection.fetchval(_BALANCE, book_id, account_id, day)
    return balance
