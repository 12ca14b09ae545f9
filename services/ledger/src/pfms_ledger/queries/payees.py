"""Reading payees, through the request's session; what is remembered of one, in one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import asyncpg
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.db.tables.payees import PayeeRow


async def get(session: AsyncSession, book_id: UUID, payee_id: UUID) -> PayeeRow | None:
    return await session.scalar(select(PayeeRow).where(PayeeRow.book_id == book_id, PayeeRow.id == payee_id))


async def listed(
    session: AsyncSession, book_id: UUID, *, after: str | None, limit: int, include_inactive: bool
) -> Sequence[PayeeRow]:
    """A page by name; `after` is a folded name."""
    wanted = select(PayeeRow).where(PayeeRow.book_id == book_id)
    if not include_inactive:
        wanted = wanted.where(PayeeRow.is_active)
    if after is not None:
        wanted = wanted.where(PayeeRow.name_folded > after)
    return (await session.scalars(wanted.order_by(PayeeRow.name_folded).limit(limit))).all()


async def named(connection: asyncpg.Connection, book_id: UUID, folded: str) -> tuple[UUID, str] | None:
    """Id and name of the payee with this folded name or alias, as they stand in this connection's transaction."""
    row = await connection.fetchrow(_NAMED, book_id, folded)
    return (row["id"], row["name"]) if row is not None else None


_NAMED = """SELECT id, name FROM (
        SELECT id, name, 1 AS place FROM payee WHERE book_id = $1 AND name_folded = $2
        UNION ALL SELECT p.id, p.name, 2 FROM payee_alias a
        JOIN payee p ON p.book_id = a.book_id AND p.id = a.payee_id WHERE a.book_id = $1 AND a.name_folded = $2
    ) AS led ORDER BY place LIMIT 1"""


async def found(
    session: AsyncSession,
    book_id: UUID,
    typed: str,
    *,
    after: tuple[int, str] | None,
    limit: int,
    include_inactive: bool,
) -> Sequence[Row[Any]]:
    """A page of payees for what is typed, the best first; each with its `rank`, by which the page goes on."""
    rank, name = after or (MOST_RANK, "")
    values = {
        "book": book_id,
        "typed": typed,
        "most": MOST_FOUND,
        "rank": rank,
        "name": name,
        "limit": limit,
        "inactive": include_inactive,
    }
    return (await session.execute(_FOUND, values)).all()


MOST_FOUND = 1000
MOST_RANK = 10_000
_FOUND = text("""
    SELECT p.id, p.name, p.name_folded, p.is_active, p.note, p.aliases, p.version, s.rank
    FROM search_payees(:book, :typed, :most) s JOIN payee p ON p.book_id = :book AND p.id = s.payee_id
    WHERE (s.rank < :rank OR s.rank = :rank AND p.name_folded > :name) AND (p.is_active OR :inactive)
    ORDER BY s.rank DESC, p.name_folded LIMIT :limit""")


async def present(connection: asyncpg.Connection, book_id: UUID, payee_id: UUID) -> asyncpg.Record | None:
    """The payee as it stands in this connection's transaction."""
    return await connection.fetchrow("SELECT * FROM payee WHERE book_id = $1 AND id = $2", book_id, payee_id)


async def taken(
    connection: asyncpg.Connection, book_id: UUID, payee_id: UUID, names: Sequence[str]
) -> set[str]:
    """Those of these folded names that lead to another payee."""
    return {row[0] for row in await connection.fetch(_TAKEN, book_id, payee_id, list(names))}


_TAKEN = """SELECT name_folded FROM payee WHERE book_id = $1 AND id <> $2 AND name_folded = ANY ($3)
    UNION ALL SELECT name_folded FROM payee_alias WHERE book_id = $1 AND payee_id <> $2 AND name_folded = ANY ($3)"""


async def alike(pool: asyncpg.Pool, book_id: UUID, payee_id: UUID) -> list[asyncpg.Record] | None:
    """A payee, then those whose names begin with a word as its name does; None: there is no such payee."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows: list[asyncpg.Record] = await connection.fetch(_ALIKE, book_id, payee_id)
    return rows or None


_ALIKE = """SELECT o.*, p.name AS own FROM payee p
    JOIN payee o ON o.book_id = p.book_id
                AND left(o.searched, 3) = left(p.searched, 3)
    WHERE p.book_id = $1 AND p.id = $2 ORDER BY o.id <> p.id, o.name_folded LIMIT 2000"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was last recorded with a payee; all None where it never had a category that is still in use."""

    category_id: UUID | None
    memo: str | None
    transaction_id: UUID | None
    used_on: date | None


# The index by payee gives the newest ones, so this costs the same with ten transactions and with a million. Of
# several splits the largest speaks for its transaction.
_REMEMBERED = """
    SELECT used.category_id, used.memo, used.transaction_id, used.date AS used_on
    FROM payee p LEFT JOIN LATERAL (
        SELECT c.id AS category_id, s.split ->> 'memo' AS memo, t.id AS transaction_id, t.date
        FROM (SELECT id, date, number, last_event FROM transaction
              WHERE book_id = $1 AND payee_id = $2 AND type = 'standard'
                AND ($3::text IS NULL OR ($3 = 'income') = (amount_minor > 0))
              ORDER BY date DESC, number DESC LIMIT 20) t
        JOIN event e ON e.stream_id = $1 AND e.sequence = t.last_event,
             jsonb_array_elements(e.data -> 'splits') WITH ORDINALITY AS s (split, place)
        JOIN category c ON c.book_id = $1 AND c.id = (s.split ->> 'category_id')::uuid AND NOT c.is_archived
        ORDER BY t.date DESC, t.number DESC, abs((s.split ->> 'amount_minor')::bigint) DESC, s.place LIMIT 1
    ) used ON true
    WHERE p.book_id = $1 AND p.id = $2"""


async def remembered(
    pool: asyncpg.Pool, book_id: UUID, payee_id: UUID, kind: Literal["expense", "income"] | None = None
) -> Remembered | None:
    """The category and memo last used with a payee, of the same kind where it is said; None: no such payee."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            row = await connection.fetchrow(_REMEMBERED, book_id, payee_id, kind)
    return Remembered(**row) if row is not None else None
