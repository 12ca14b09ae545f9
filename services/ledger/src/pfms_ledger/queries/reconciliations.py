"""Reading reconciliations, and what is left over in one: always from the postings as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

_LIST = """SELECT r.*, (SELECT count(*) FROM reconciliation_tick x
                        WHERE x.book_id = r.book_id AND x.reconciliation_id = r.id) AS ticked_count
    FROM reconciliation r WHERE r.book_id = $1 AND r.account_id = $2"""
_PAGE = f"{_LIST} AND (r.statement_date, r.id) < ($3, $4) ORDER BY r.statement_date DESC, r.id DESC LIMIT $5"
_ONE = f"{_LIST} AND r.id = $3"
_OPEN = "SELECT id FROM reconciliation WHERE book_id = $1 AND account_id = $2 AND status = 'open'"
_SETTLED = """SELECT EXISTS (SELECT FROM reconciliation_tick x JOIN reconciliation f
    ON f.book_id = x.book_id AND f.id = x.reconciliation_id
    WHERE x.book_id = $1 AND x.transaction_id = $2 AND f.status = 'finished')"""
_TICKED = """SELECT transaction_id FROM reconciliation_tick WHERE book_id = $1 AND reconciliation_id = $2
    ORDER BY transaction_id"""
# A transfer stands on two statements: reconciling one account says nothing about the other, unless its status was set
# without any reconciliation.
_SETTLED_HERE = """(t.type <> 'transfer'
    OR EXISTS (SELECT FROM reconciliation_tick x JOIN reconciliation f
               ON f.book_id = x.book_id AND f.id = x.reconciliation_id
               WHERE x.book_id = t.book_id AND x.transaction_id = t.id AND f.status = 'finished'
                 AND f.account_id = $2)
    OR NOT EXISTS (SELECT FROM reconciliation_tick x JOIN reconciliation f
                   ON f.book_id = x.book_id AND f.id = x.reconciliation_id
                   WHERE x.book_id = t.book_id AND x.transaction_id = t.id AND f.status = 'finished'))"""
_HAS_SETTLED = f"""SELECT EXISTS (SELECT FROM posting g
    JOIN transaction t ON t.book_id = g.book_id AND t.id = g.transaction_id
    WHERE g.book_id = $1 AND g.account_id = $2 AND t.status = 'reconciled' AND {_SETTLED_HERE})"""
# What is settled counts up to the statement's date, what is ticked here whenever it is dated. In a finished one a
# tick counts as long as its transaction is still reconciled.
_FIGURES = f"""
    SELECT coalesce(sum(amount_minor) FILTER (WHERE settled), 0)::bigint AS reconciled_minor,
           coalesce(sum(amount_minor) FILTER (WHERE ticked AND NOT settled), 0)::bigint AS ticked_minor
    FROM (
        SELECT g.amount_minor,
               t.date <= r.statement_date AND NOT (r.status = 'finished' AND tick.transaction_id IS NOT NULL)
               AND (t.type = 'opening' OR t.status = 'reconciled' AND {_SETTLED_HERE}) AS settled,
               tick.transaction_id IS NOT NULL AND (r.status = 'open' OR t.status = 'reconciled') AS ticked
        FROM reconciliation r
        JOIN posting g ON g.book_id = r.book_id AND g.account_id = r.account_id
        JOIN transaction t ON t.book_id = g.book_id AND t.id = g.transaction_id
        LEFT JOIN reconciliation_tick tick ON tick.book_id = r.book_id AND tick.reconciliation_id = r.id
             AND tick.transaction_id = t.id
        WHERE r.book_id = $1 AND r.account_id = $2 AND r.id = $3
    ) AS line"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of an account's postings, in minor units: settled before, and ticked in this reconciliation."""

    reconciled_minor: int
    ticked_minor: int

    def difference(self, statement_balance_minor: int) -> int:
        return statement_balance_minor - self.reconciled_minor - self.ticked_minor


@dataclass(frozen=True, slots=True)
class Found:
    """A reconciliation's row with its ticks and figures."""

    row: asyncpg.Record
    ticked: tuple[UUID, ...]
    figures: Figures


async def present(
    connection: asyncpg.Connection, book_id: UUID, account_id: UUID, reconciliation_id: UUID
) -> Found | None:
    """As it stands in this connection's transaction; None where the account has no such reconciliation."""
    row = await connection.fetchrow(_ONE, book_id, account_id, reconciliation_id)
    if row is None:
        return None
    ticked = [each[0] for each in await connection.fetch(_TICKED, book_id, reconciliation_id)]
    figures = await connection.fetchrow(_FIGURES, book_id, account_id, reconciliation_id)
    return Found(row, tuple(ticked), Figures(**figures))


async def get(pool: asyncpg.Pool, book_id: UUID, account_id: UUID, reconciliation_id: UUID) -> Found | None:
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return await present(connection, book_id, account_id, reconciliation_id)


async def open_one(connection: asyncpg.Connection, book_id: UUID, account_id: UUID) -> UUID | None:
    """The account's open reconciliation."""
    found: UUID | None = await connection.fetchval(_OPEN, book_id, account_id)
    return found


async def is_settled(connection: asyncpg.Connection, book_id: UUID, transaction_id: UUID) -> bool:
    """Whether a finished reconciliation holds the transaction."""
    found: bool = await connection.fetchval(_SETTLED, book_id, transaction_id)
    return found


async def has_settled(connection: asyncpg.Connection, book_id: UUID, account_id: UUID) -> bool:
    """Whether something on the account is reconciled."""
    found: bool = await connection.fetchval(_HAS_SETTLED, book_id, account_id)
    return found


async def page(
    pool: asyncpg.Pool, book_id: UUID, account_id: UUID, *, before: tuple[date, UUID], limit: int
) -> Sequence[asyncpg.Record]:
    """Those of an account, newest statement first."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows: Sequence[asyncpg.Record] = await connection.fetch(
                _PAGE, book_id, account_id, *before, limit
            )
            return rows
