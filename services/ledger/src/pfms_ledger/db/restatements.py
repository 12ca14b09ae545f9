"""Noting which transactions of a book may be worth something else by now; under the book's lock."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

AGAIN_AFTER = "5 minutes"
"""Longer than any write is under way."""

_ON_CONFLICT = """ON CONFLICT (book_id, currency) DO UPDATE SET
    since = least(r.since, excluded.since), again = true, due_at = excluded.due_at,
    day = least(r.day, excluded.day), number = CASE WHEN r.day < excluded.day THEN r.number ELSE 0 END"""
_MARK = f"""INSERT INTO restatement AS r (book_id, currency, since, day, number, again, due_at)
    SELECT $1, CASE m.base WHEN b.base_currency THEN m.quote ELSE m.base END, min(m.date), min(m.date), 0, true, now()
    FROM unnest($2::text[], $3::text[], $4::date[]) AS m (base, quote, date)
    JOIN book b ON b.book_id = $1 AND b.base_currency IN (m.base, m.quote) GROUP BY 2
    {_ON_CONFLICT}"""
_MARK_ALL = f"""INSERT INTO restatement AS r (book_id, currency, since, day, number, again, due_at)
    SELECT DISTINCT book_id, currency, DATE '0001-01-01', DATE '0001-01-01', 0, true, now()
    FROM account WHERE book_id = $1
    {_ON_CONFLICT}"""
_THIS = "WHERE book_id = $1 AND currency = $2"


async def mark(connection: asyncpg.Connection, book_id: UUID, pairs: Sequence[tuple[str, str, date]]) -> None:
    """A rate of these pairs from these days on is new, another one, or gone."""
    if pairs:
        await connection.execute(_MARK, book_id, *map(list, zip(*pairs, strict=True)))


async def mark_all(connection: asyncpg.Connection, book_id: UUID) -> None:
    """The book's currency is known only now."""
    await connection.execute(_MARK_ALL, book_id)


async def advance(
    connection: asyncpg.Connection, book_id: UUID, currency: str, day: date, number: int
) -> None:
    await connection.execute(
        f"UPDATE restatement SET day = $3, number = $4 {_THIS}", book_id, currency, day, number
    )


async def postpone(connection: asyncpg.Connection, book_id: UUID, currency: str) -> None:
    """It is gone through once more, for the last time."""
    await connection.execute(
        f"""UPDATE restatement SET again = false, day = since, number = 0,
                   due_at = now() + interval '{AGAIN_AFTER}' {_THIS}""",
        book_id,
        currency,
    )


async def finish(connection: asyncpg.Connection, book_id: UUID, currency: str) -> None:
    await connection.execute(f"DELETE FROM restatement {_THIS}", book_id, currency)
