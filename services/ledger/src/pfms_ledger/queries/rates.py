"""Reading exchange rates, and which transactions they are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.rate import Rate, Rates
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.db.tables.rates import RateRow
from pfms_ledger.domain.worth import Worth

_COLUMNS = "id, base, quote, date, rate, source, version"
_LISTED = f"""SELECT {_COLUMNS} FROM rate
    WHERE book_id = $1 AND ($2::text IS NULL OR base = $2) AND ($3::text IS NULL OR quote = $3)
      AND ($4::date IS NULL OR date >= $4) AND ($5::date IS NULL OR date <= $5)
      AND ($6::date IS NULL OR (date, base, quote) < ($6, $7, $8))
    ORDER BY date DESC, base DESC, quote DESC LIMIT $9"""
_ONE = f"SELECT {_COLUMNS} FROM rate WHERE book_id = $1 AND id = $2"
_THERE = f"""SELECT {_COLUMNS} FROM unnest($2::text[], $3::text[], $4::date[]) AS w (base, quote, date)
    JOIN rate r USING (base, quote, date) WHERE r.book_id = $1"""
# Of each currency the newest rate to the target on or before the day, and the newest of the inverse.
_NEWEST = """SELECT r.base, r.quote, r.date, r.rate FROM unnest($2::text[]) AS c (code),
    LATERAL ((SELECT * FROM rate WHERE book_id = $1 AND base = c.code AND quote = $3 AND date <= $4
              ORDER BY date DESC LIMIT 1)
             UNION ALL
             (SELECT * FROM rate WHERE book_id = $1 AND base = $3 AND quote = c.code AND date <= $4
              ORDER BY date DESC LIMIT 1)) AS r"""
_ALL = """SELECT base, quote, date, rate FROM rate
    WHERE book_id = $1 AND (base = ANY ($2) AND quote = $3 OR base = $3 AND quote = ANY ($2))"""
# Each account's register gives its next postings by index; a transfer between two of them stands there twice.
_DUE = "SELECT DISTINCT book_id FROM restatement WHERE due_at <= now() ORDER BY book_id LIMIT 100"
_NEXT = """SELECT g.transaction_id, g.date, g.number FROM account a,
    LATERAL (SELECT transaction_id, date, number FROM posting
             WHERE book_id = a.book_id AND account_id = a.id AND (date, number) > ($3, $4)
             ORDER BY date, number LIMIT $5) AS g
    WHERE a.book_id = $1 AND a.currency = $2 ORDER BY g.date, g.number LIMIT $5"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A rate as it stands."""

    id: UUID
    base: str
    quote: str
    date: date
    rate: str
    source: str
    version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed by; None leaves it open."""

    base: str | None = None
    quote: str | None = None
    first: date | None = None
    last: date | None = None


async def listed(
    pool: asyncpg.Pool, book_id: UUID, wanted: Wanted, *, after: tuple[date, str, str] | None, limit: int
) -> list[Stored]:
    """A page, newest first."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(
                _LISTED,
                book_id,
                wanted.base,
                wanted.quote,
                wanted.first,
                wanted.last,
                *(after or (None, None, None)),
                limit,
            )
    return [Stored(**row) for row in rows]


async def one(session: AsyncSession, book_id: UUID, rate_id: UUID) -> RateRow | None:
    return await session.scalar(select(RateRow).where(RateRow.book_id == book_id, RateRow.id == rate_id))


async def get(connection: asyncpg.Connection, book_id: UUID, rate_id: UUID) -> Stored | None:
    row = await connection.fetchrow(_ONE, book_id, rate_id)
    return Stored(**row) if row else None


async def there(
    connection: asyncpg.Connection, book_id: UUID, rates: Sequence[Rate]
) -> dict[tuple[str, str, date], Stored]:
    """What is stored of these pairs and days, in either direction."""
    keys = [key for rate in rates for key in (rate.key, rate.inverse_key)]
    rows = await connection.fetch(_THERE, book_id, *map(list, zip(*keys, strict=True))) if keys else []
    return {(row["base"], row["quote"], row["date"]): Stored(**row) for row in rows}


async def newest(
    pool: asyncpg.Pool, book_id: UUID, currencies: Sequence[str], target: str, day: date
) -> Rates:
    """What converts these currencies to the target on a day."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return _rates(await connection.fetch(_NEWEST, book_id, list(currencies), target, day))


async def between(
    connection: asyncpg.Connection, book_id: UUID, currencies: Sequence[str], target: str
) -> Rates:
    """What converts these currencies to the target on any day."""
    return _rates(await connection.fetch(_ALL, book_id, list(currencies), target))


async def worth(connection: asyncpg.Connection, book_id: UUID, currencies: Sequence[str]) -> Worth:
    """What tells the worth of transactions in these currencies, of any day."""
    base = await connection.fetchval("SELECT base_currency FROM book WHERE book_id = $1", book_id)
    foreign = [code for code in currencies if code != base]
    if base is None or not foreign:
        return Worth(base, Rates())
    return Worth(base, await between(connection, book_id, foreign, base))


def _rates(rows: Sequence[asyncpg.Record]) -> Rates:
    return Rates(Rate(**row) for row in rows)


@dataclass(frozen=True, slots=True)
class Restatement:
    """Transactions in `currency` behind (`day`, `number`) are to be gone through."""

    currency: str
    since: date
    day: date
    number: int
    again: bool


async def due(relay: asyncpg.Pool) -> list[UUID]:
    """Books with amounts that may be worth something else by now."""
    return [row["book_id"] for row in await relay.fetch(_DUE)]


async def restatement(connection: asyncpg.Connection, book_id: UUID) -> Restatement | None:
    """The next one of the book that is due."""
    row = await connection.fetchrow(
        """SELECT currency, since, day, number, again FROM restatement
           WHERE book_id = $1 AND due_at <= now() ORDER BY currency LIMIT 1""",
        book_id,
    )
    return Restatement(**row) if row else None


async def next_of(
    connection: asyncpg.Connection, book_id: UUID, at: Restatement, limit: int
) -> list[tuple[UUID, date, int]]:
    """The next transactions on accounts of its currency, with where they stand; openings among them."""
    rows = await connection.fetch(_NEXT, book_id, at.currency, at.day, at.number, limit)
    return [tuple(row) for row in rows]
