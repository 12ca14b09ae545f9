"""What net worth is made of: month sums, and of the last month its postings where only a part of it counts."""

from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.net_worth import MonthSum, is_month_end

_WHOLE = """SELECT m.account_id, a.currency, m.month, m.sum_minor
    FROM account_month m JOIN account a ON a.book_id = m.book_id AND a.id = m.account_id
    WHERE m.book_id = $1 AND m.month < $2"""
_PART = """SELECT a.id AS account_id, a.currency, $2::date AS month, p.sum_minor
    FROM account a, LATERAL (
        SELECT sum(p.amount_minor)::bigint AS sum_minor FROM posting p
        WHERE p.book_id = a.book_id AND p.account_id = a.id AND p.date BETWEEN $2 AND $3) p
    WHERE a.book_id = $1 AND p.sum_minor IS NOT NULL"""


async def month_sums(pool: asyncpg.Pool, book_id: UUID, last: date) -> list[MonthSum]:
    """The sums of every account and month up to a day."""
    month = last.replace(day=1)
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            if is_month_end(last):
                rows = await connection.fetch(_WHOLE.replace("m.month < $2", "m.month <= $2"), book_id, month)
            else:
                rows = await connection.fetch(_WHOLE, book_id, month)
                rows += await connection.fetch(_PART, book_id, month, last)
    return [MonthSum(**row) for row in rows]
