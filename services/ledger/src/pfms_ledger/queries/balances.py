"""Balances now and as of any date, from the month sums: nothing is cached, so nothing can be stale."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import orjson

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.pot import Stretch, joined

# The stretches of a pot up to the day: its months before the day's month, then its postings in it, in their order.
_STRETCHES = """
    SELECT jsonb_agg(jsonb_build_array(s.sum_minor, s.low_minor) ORDER BY s.day, s.number) FROM (
        SELECT m.month AS day, 0::bigint AS number, m.sum_minor, m.low_minor FROM pot_month m
        WHERE m.book_id = p.book_id AND m.pot_id = p.id AND m.month < date_trunc('month', $2::date)::date
        UNION ALL
        SELECT g.date, g.number, g.amount_minor, least(g.amount_minor, 0) FROM posting g
        WHERE g.book_id = p.book_id AND g.pot_id = p.id
          AND g.date BETWEEN date_trunc('month', $2::date)::date AND $2::date) AS s"""
# One statement, so that what is free never mixes two moments.
_AS_OF = f"""
    SELECT a.id AS account_id, a.currency, (
        coalesce((SELECT sum(m.sum_minor) FROM account_month m
                  WHERE m.book_id = a.book_id AND m.account_id = a.id
                    AND m.month < date_trunc('month', $2::date)::date), 0)
        + coalesce((SELECT sum(p.amount_minor) FROM posting p
                    WHERE p.book_id = a.book_id AND p.account_id = a.id
                      AND p.date BETWEEN date_trunc('month', $2::date)::date AND $2::date), 0)
        )::bigint AS balance_minor, (
        SELECT jsonb_agg(jsonb_build_array(p.id, ({_STRETCHES})) ORDER BY p.position, p.id)
        FROM pot p WHERE p.book_id = a.book_id AND p.account_id = a.id)::text AS pots
    FROM account a WHERE a.book_id = $1 ORDER BY a.position, a.id"""


@dataclass(frozen=True, slots=True)
class Balance:
    """Of an account, with what of it is in no pot; or of a pot."""

    account_id: UUID
    pot_id: UUID | None
    currency: str
    balance_minor: int
    free_minor: int | None


async def as_of(pool: asyncpg.Pool, book_id: UUID, day: date) -> list[Balance]:
    """What each account held at the end of `day`, each followed by its pots; openings and pending transactions
    included.
    """
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_AS_OF, book_id, day)
    return [balance for row in rows for balance in _of_account(row)]


def _of_account(row: asyncpg.Record) -> Iterator[Balance]:
    account_id, currency, balance = row["account_id"], row["currency"], row["balance_minor"]
    pots = [
        (UUID(pot_id), joined(Stretch(*stretch) for stretch in stretches or ()).balance_minor)
        for pot_id, stretches in orjson.loads(row["pots"] or "[]")
    ]
    free = balance - sum(part for _, part in pots)
    yield Balance(account_id, None, currency, balance, free)
    for pot_id, part in pots:
        yield Balance(account_id, pot_id, currency, part, None)
